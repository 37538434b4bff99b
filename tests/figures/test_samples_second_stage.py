import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import samples_second_stage


@pytest.mark.parametrize("shape", [(8, 8, 1), (37, 50, 3), (128, 128, 3)])
@pytest.mark.parametrize("names", [[], ["cat", "a class with a long name"]])
def test_samples_have_a_readable_size(tmp_path, shape, names):
    images = np.random.default_rng(0).random((2, 4, *shape), np.float32)
    figure = samples_second_stage.draw(images, names, TITLE)
    picture(figure, tmp_path / "samples.png")
    assert set(names) <= set(texts(figure))
