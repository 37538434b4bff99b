import numpy as np

from vae.figures.tiles import GAP, LARGEST, in_rows, mosaic


def test_every_image_of_a_mosaic_is_in_its_place_with_sharp_pixels():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 3, 4, 5, 3), np.uint8)
    whole = mosaic(images, (200, 200))
    by = min(LARGEST // 5, 200 // (3 * 6), 200 // (2 * 5))
    gap = max(GAP, by)
    assert whole.shape == (2 * (4 * by + gap) - gap, 3 * (5 * by + gap) - gap, 3)
    for row in range(2):
        for column in range(3):
            top, left = row * (4 * by + gap), column * (5 * by + gap)
            part = whole[top : top + 4 * by, left : left + 5 * by]
            np.testing.assert_array_equal(part[::by, ::by], images[row, column])
            np.testing.assert_array_equal(part[by - 1 :: by, by - 1 :: by], images[row, column])
    assert (whole[4 * by : 4 * by + gap] == 255).all()


def test_gray_images_become_rgb_and_fractions_bytes():
    whole = mosaic(np.full((1, 1, 96, 96, 1), 0.5))
    assert whole.dtype == np.uint8
    assert whole.shape == (96, 96, 3)
    assert set(whole.ravel()) <= {127, 128}


def test_images_that_do_not_fit_are_shrunk():
    whole = mosaic(np.zeros((4, 4, 100, 100, 3), np.uint8), (250, 250))
    assert max(whole.shape) <= 250 + 3 * GAP


def test_a_side_to_enlarge_to_can_be_given():
    images = np.zeros((1, 1, 8, 6, 1), np.uint8)
    assert mosaic(images, largest=8).shape == (8, 6, 3)
    assert mosaic(images, largest=24).shape == (24, 18, 3)
    assert mosaic(images, largest=1).shape == (8, 6, 3)


def test_a_last_row_is_filled_up_with_white():
    images = in_rows(np.zeros((5, 2, 2, 1)), 3)
    assert images.shape == (2, 3, 2, 2, 1)
    assert (images[1, 2] == 255).all()
    assert images.sum() == 4 * 255
