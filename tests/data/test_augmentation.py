"""Random changes of training images."""

import numpy as np
import pytest

from vae.data.augmentation import Augmentation

ALL = Augmentation(shift=0.5, rotate=180, zoom=0.5, brightness=0.5)
NOTHING = np.zeros(5)


def dot(height=8, width=8, channels=1, at=(2, 3)):
    pixels = np.zeros((1, height, width, channels), np.uint8)
    pixels[0, at[0], at[1]] = 200
    return pixels


def changed(pixels, augmentation=ALL, right=0.0, down=0.0, degrees=0.0, zoom=0.0, light=0.0):
    changes = np.array([[right, down, degrees, zoom, light]])
    return augmentation.apply(pixels, changes)


@pytest.mark.parametrize("shape", [(8, 8, 1), (6, 9, 3), (1, 1, 1)])
def test_no_change_is_none(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (3, *shape), dtype=np.uint8)
    result = ALL.apply(pixels, np.zeros((3, 5)))
    np.testing.assert_array_equal(result, pixels)
    assert result.dtype == np.uint8
    assert not Augmentation()


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_moved_turned_and_lit(channels):
    pixels = dot(channels=channels)
    np.testing.assert_array_equal(
        changed(pixels, right=0.25, down=0.125), dot(8, 8, channels, (3, 5))
    )
    np.testing.assert_array_equal(changed(pixels, degrees=90), dot(8, 8, channels, (3, 5)))
    assert changed(pixels, light=-0.5).max() == 100
    assert changed(pixels, light=0.5).max() == 255


def test_wide_images_move_by_shares_of_their_sides():
    assert changed(dot(4, 8), right=0.25, down=0.25)[0, 3, 5, 0] == 200


def test_zoom_enlarges_about_the_middle():
    pixels = np.zeros((1, 8, 8, 1), np.uint8)
    pixels[:, 2:6, 2:6] = 200
    assert (changed(pixels, zoom=0.5) > 110).sum() == 36
    assert (changed(pixels, zoom=-0.5)[:, 1:7, 1:7] > 110).sum() == 4


def test_what_comes_in_at_a_side_is_the_mirrored_image():
    pixels = np.arange(8, dtype=np.uint8)[None, None, :, None].repeat(8, axis=1)
    np.testing.assert_array_equal(changed(pixels, right=0.25)[0, 0, :, 0], [1, 0, 0, 1, 2, 3, 4, 5])


def test_changes_lie_within_what_was_asked_for():
    augmentation = Augmentation(shift=0.1, rotate=10, zoom=0.2)
    changes = augmentation.draw(1000, np.random.default_rng(0))
    most = np.abs(changes).max(axis=0)
    assert (most <= [0.1, 0.1, 10, 0.2, 0]).all()
    assert (most[:4] > [0.09, 0.09, 9, 0.18]).all()
    again = augmentation.draw(1000, np.random.default_rng(0))
    np.testing.assert_array_equal(again, changes)


def test_everything_at_once_stays_in_the_frame():
    pixels = np.full((20, 5, 9, 3), 130, np.uint8)
    most = ALL.draw(20, np.random.default_rng(0))
    most[:, 4] = 0
    np.testing.assert_array_equal(ALL.apply(pixels, most), pixels)
