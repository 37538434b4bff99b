"""Test images that are nearly the same as a training image, mirrored or not."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from vae.data.images import Split
from vae.data.rows import Rows

SIDE = 23  # pixels to which sides are reduced, about
CLOSE = 0.001  # mean squared difference of such images in [0, 1]
# Share of the mean squared difference of two images drawn at random: in a set of dark or similar
# images, near means nearer.
OF_TYPICAL = 0.02

_SAMPLE = 128  # images that directions are computed from
_DIRECTIONS = 16  # in which images are compared first
_CANDIDATES = 8  # nearest in these directions, of which each is compared as a whole
_PIECE = 1 << 19  # bytes of pixels at a time


class Pair(NamedTuple):
    """A test image and a training image that is nearly the same, by index; whether mirrored."""

    test: int
    train: int
    mirrored: bool


def warnings(train: Split, test: Split) -> dict[str, dict[str, int | str]]:
    """A warning of test images that `find` finds, as `services.warning_texts` puts it into words.

    Empty if there are none.
    """
    pairs = find(train.pixels, test.pixels)
    if not pairs:
        return {}
    examples = ", ".join(f"{test.files[p.test]} ({train.files[p.train]})" for p in pairs[:3])
    mirrored = sum(pair.mirrored for pair in pairs)
    numbers = {"count": len(pairs), "images": len(test), "mirrored": mirrored}
    return {"near duplicates": numbers | {"examples": examples}}


def find(train: Rows | np.ndarray, test: Rows | np.ndarray) -> list[Pair]:
    """The test images that are nearly the same as a training image, each with one of these.

    train, test: uint8 [N, H, W, C]. Takes about a second per 10,000 images of 92 x 92 pixels.
    """
    if len(train) < 2 or not len(test):
        return []
    some = np.sort(np.random.default_rng(0).permutation(len(train))[:_SAMPLE])
    sample = _reduced(np.asarray(train[some]))
    sample -= sample.mean(axis=0)
    variance = float(np.einsum("ij,ij", sample, sample)) / sample.size
    near = min(CLOSE, OF_TYPICAL * 2 * variance) * sample.shape[1] + 1e-6  # for rounding
    # No two images are farther apart in orthonormal directions than they are as a whole.
    directions = np.linalg.svd(sample, full_matrices=False)[2][:_DIRECTIONS].T
    tree = KDTree(np.concatenate([_reduced(part) @ directions for part in _parts(train)]))
    found = {}
    first = 0
    for part in _parts(test):
        for mirrored, pixels in ((False, part), (True, part[:, :, ::-1])):
            images = _reduced(pixels)
            distances, rows = tree.query(
                images @ directions, _CANDIDATES, distance_upper_bound=math.sqrt(near)
            )
            for place in np.flatnonzero(np.isfinite(distances[:, 0])):
                candidates = rows[place][np.isfinite(distances[place])]
                others = _reduced(np.asarray(train[candidates]))
                square = np.square(others - images[place]).sum(axis=1)
                if square.min() <= near:
                    pair = Pair(first + int(place), int(candidates[square.argmin()]), mirrored)
                    found.setdefault(pair.test, pair)
        first += len(part)
    return [found[index] for index in sorted(found)]


def _parts(pixels: Rows | np.ndarray) -> Iterator[np.ndarray]:
    count = max(1, _PIECE // math.prod(pixels.shape[1:]))
    for start in range(0, len(pixels), count):
        yield np.asarray(pixels[start : start + count])


def _reduced(pixels: np.ndarray) -> np.ndarray:
    """Means of blocks of pixels, in [0, 1]: float32 [N, V]; pixels: uint8 [N, H, W, C]."""
    values, scale = pixels, 255
    for axis in (1, 2):
        side = pixels.shape[axis]
        factor = max(1, round(side / SIDE))
        dtype = np.uint16 if axis == 1 and factor < 256 else np.uint32
        length = side // factor * factor
        start = (side - length) // 2
        index = [slice(None)] * 4
        index[axis] = slice(start, start + length, factor)
        total = values[tuple(index)].astype(dtype)
        for offset in range(1, factor):
            index[axis] = slice(start + offset, start + length, factor)
            total += values[tuple(index)]
        values, scale = total, scale * factor
    return values.reshape(len(values), -1).astype(np.float32) / scale
