import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture
from vae.figures import reconstructions


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (37, 50, 3), (128, 128, 3)])
@pytest.mark.parametrize("n", [1, 100])
def test_reconstructions_have_a_readable_size(tmp_path, shape, n):
    images = np.random.default_rng(0).random((n, *shape), np.float32)
    originals = (255 * images).astype(np.uint8)
    figure = reconstructions.draw(originals, images, TITLE)
    picture(figure, tmp_path / "reconstructions.png")
