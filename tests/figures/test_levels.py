import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import levels


def test_rows_keep_more_and_more_of_a_sample():
    z = levels.drawn([2, 3, 4], columns=5, seed=0)
    assert z.shape == (levels.BLOCKS, 2, 5, 9)
    for block in z:
        sample = block[0, 0]
        np.testing.assert_array_equal(block[:, 0], [sample, sample])
        np.testing.assert_array_equal(block[0, :, :2], np.tile(sample[:2], (5, 1)))
        np.testing.assert_array_equal(block[1, :, :5], np.tile(sample[:5], (5, 1)))
        assert len(np.unique(block[0, :, 2])) == len(np.unique(block[1, :, 5])) == 5
    assert len(np.unique(z[:, 0, 0, 0])) == levels.BLOCKS


@pytest.mark.parametrize("shape", [(8, 8, 1), (37, 50, 3), (128, 128, 3)])
def test_levels_have_a_readable_size(tmp_path, shape):
    images = np.random.default_rng(0).random((3, 2, 4, *shape), np.float32)
    figure = levels.draw(images, ["code", "and detail 1"], TITLE)
    picture(figure, tmp_path / "levels.png")
    assert {"code", "and detail 1"} <= set(texts(figure))
