"""Which values of pixels become black and white, and 8 bits in between."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from vae.services.errors import UserError

PERCENTILES = (0.1, 99.9)
BINS = 65_536
DARK = 64  # a quarter of what 8 bits hold


def chosen(setting: str | Sequence[float] | None) -> str | tuple[float, float]:
    """What the setting `intensity` asks for: "type", "percentile", or black and white.

    Raises UserError if white is not above black.
    """
    if setting is None or isinstance(setting, str):
        return setting or "type"
    low, high = setting
    if low >= high:
        raise UserError(
            f"intensity: [{low:g}, {high:g}] is black and white, so the second has to be larger. "
            "Correct it in config/config.yaml."
        )
    return low, high


def white(dtype: np.dtype) -> int | None:
    """The value of white by the type of pixels: 255 or 65,535; 1 for floats and bool; else None."""
    if dtype.kind in "bf":
        return 1
    return np.iinfo(dtype).max if dtype.kind == "u" and dtype.itemsize <= 2 else None


def to_8_bits(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return values as uint8: `low` and what is below it as 0, `high` and above as 255."""
    with np.errstate(over="ignore"):
        scaled = (values.astype(float) - low) * (255 / (high - low))
    return np.rint(scaled.clip(0, 255)).astype(np.uint8)


def percentiles(parts: Iterable[np.ndarray], low: float, high: float) -> tuple[float, float]:
    """The values below which 0.1 % and 99.9 % of all lie, from a histogram of 65,536 bins.

    parts: of the values, which lie between low and high.

    They are the middles of bins, rounded to a millionth of the range. The first one is low, the
    last one high, so that 16 bits have a bin for each value. If both percentiles are equal, as in
    masks that are nearly empty, returns low and high.
    """
    counts, width = np.zeros(BINS, np.int64), (high - low) / (BINS - 1)
    for values in parts:
        # As float64, since bins of a range far from 0 are narrower than float32 can tell apart.
        ends = low - width / 2, high + width / 2
        counts += np.histogram(values.astype(float), BINS, ends)[0]
    below = np.cumsum(counts)
    bins = [np.searchsorted(below, share / 100 * below[-1]) for share in PERCENTILES]
    digits = 5 - math.floor(math.log10(high - low))
    first, last = (round(low + float(b) * width, digits) + 0.0 for b in bins)  # no -0.0
    return (first, last) if first < last else (low, high)


def are_dark(parts: Iterable[np.ndarray]) -> bool:
    """Whether 99.9 % of all uint8 values lie below a quarter of white."""
    counts = np.zeros(256, np.int64)
    for values in parts:
        counts += np.bincount(values.ravel(), minlength=256)
    return bool(counts[:DARK].sum() >= PERCENTILES[1] / 100 * counts.sum())


def darkness(place: str, low: float, high: float) -> UserError:
    """What to tell people whose images `are_dark`; low, high: percentiles of the pixels."""
    return UserError(
        f"99.9% of the pixels of {place} lie below a quarter of what their type can hold, so the "
        "images would be nearly black. Set in config/config.yaml one of\n"
        f"  intensity: percentile   (here [{low:g}, {high:g}] become black and white)\n"
        f"  intensity: [0, {high:g}]   (or the values that are black and white in these images)\n"
        "  intensity: type   (if the images are that dark)"
    )
