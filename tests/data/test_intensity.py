"""Values to 8 bits: by given values, by percentiles, and what is too dark."""

import numpy as np
import pytest

from vae.data import intensity
from vae.services.errors import UserError


def test_black_white_and_what_is_between():
    values = np.array([-5, 10, 15, 20, 99], np.int16)
    assert intensity.to_8_bits(values, 10, 20).tolist() == [0, 0, 128, 255, 255]


def test_all_16_bits_are_exact_where_there_are_255_steps():
    values = np.arange(65_536, dtype=np.uint16)
    expected = np.rint(values / 257).astype(np.uint8)
    np.testing.assert_array_equal(intensity.to_8_bits(values, 0, 65_535), expected)


@pytest.mark.parametrize(
    ("dtype", "white"),
    [
        ("u1", 255),
        ("<u2", 65_535),
        (">u2", 65_535),
        ("?", 1),
        ("f8", 1),
        ("i2", None),
        ("u4", None),
    ],
)
def test_the_white_of_a_type(dtype, white):
    assert intensity.white(np.dtype(dtype)) == white


def test_percentiles_of_12_bits_are_exact_and_pass_over_a_hot_pixel():
    values = np.append(np.arange(4096).repeat(30), 65_535).astype(np.float32)
    parts = np.array_split(np.random.default_rng(0).permutation(values), 7)
    low, high = intensity.percentiles(parts, 0, 65_535)
    assert (low, high) == (4.0, 4091.0)
    assert sum((part < low).sum() for part in parts) == pytest.approx(1e-3 * len(values), rel=0.05)


def test_percentiles_that_are_equal_give_the_extremes():
    values = np.zeros(10_000, np.float32)
    values[:3] = 7
    assert intensity.percentiles([values], 0, 7) == (0, 7)


@pytest.mark.parametrize(
    ("value", "bright", "dark"), [(63, 0, True), (64, 0, False), (9, 5, False)]
)
def test_dark_is_all_but_a_thousandth_below_a_quarter(value, bright, dark):
    values = np.full(1000, value, np.uint8)
    values[:bright] = 255
    assert intensity.are_dark(np.split(values, 2)) is dark


def test_white_has_to_be_above_black():
    assert [intensity.chosen(s) for s in (None, "type", [0, 9])] == ["type", "type", (0, 9)]
    with pytest.raises(UserError, match=r"intensity: \[9, 9\] is black and white"):
        intensity.chosen([9, 9])
