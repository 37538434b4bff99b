import numpy as np

from vae.data import binarization
from vae.data.file_names import FileNames
from vae.data.images import Images, Split


def test_values_are_probabilities():
    pixels = np.full((1000, 4, 4, 1), 51, np.uint8)
    drawn = binarization.draw(pixels, np.random.default_rng(0))
    assert drawn.dtype == np.uint8
    assert set(np.unique(drawn)) == {0, 255}
    assert abs((drawn > 0).mean() - 0.2) < 0.02


def test_black_and_white_stay():
    """More images than are drawn at once."""
    pixels = np.random.default_rng(0).choice(np.array([0, 255], np.uint8), (150, 100, 100, 3))
    np.testing.assert_array_equal(binarization.draw(pixels, np.random.default_rng(1)), pixels)


def test_no_images():
    assert binarization.draw(np.zeros((0, 4, 4, 1), np.uint8), None).shape == (0, 4, 4, 1)


def test_every_run_is_measured_on_the_same_images_and_each_set_is_drawn_for_itself():
    files = FileNames.of(map(str, range(9)))
    split = Split(np.full((9, 4, 4, 1), 128, np.uint8), np.arange(9), files)
    images = Images(split, split)
    first, second = binarization.fixed(images), binarization.fixed(images)
    np.testing.assert_array_equal(first.test.pixels, second.test.pixels)
    assert (first.test.pixels != first.train.pixels).any()
    assert first.validation is None
    np.testing.assert_array_equal(first.test.labels, np.arange(9))
    assert [*first.test.files] == [*files]
