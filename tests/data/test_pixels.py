"""Scaling to [0, 1] and back."""

import numpy as np

from vae.data.pixels import to_uint8, to_unit


def test_every_level_comes_back():
    levels = np.arange(256, dtype=np.uint8)
    unit = to_unit(levels)
    assert unit.dtype == np.float32
    assert (unit[0], unit[255]) == (0, 1)
    np.testing.assert_allclose(unit, levels / 255, rtol=1e-6)
    np.testing.assert_array_equal(to_uint8(unit), levels)


def test_values_are_rounded_and_clipped():
    images = np.array([-0.5, 0.49 / 255, 0.51 / 255, 1.5])
    np.testing.assert_array_equal(to_uint8(images), [0, 0, 1, 255])


def test_uint8_stays_as_it_is():
    pixels = np.array([0, 1, 255], np.uint8)
    assert to_uint8(pixels) is pixels
