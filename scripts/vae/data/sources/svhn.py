"""Street View House Numbers, cropped: http://ufldl.stanford.edu/housenumbers describes the files.

MATLAB files: X [32, 32, 3, N] (height, width, channels), and y [N, 1], in which 10 is the digit 0.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vae.data import matlab
from vae.data.labels import named
from vae.data.streams import Block, Raw, Stream
from vae.services.errors import UserError, reading_raw

CHANNELS = 3
SETTINGS = {}

FILES = {"train_32x32.mat": "train", "test_32x32.mat": "test"}

_DIGITS = tuple("0123456789")
_ROWS = 1000  # at a time


def read(raw: Raw) -> Stream:
    """Read `train_32x32.mat`, then `test_32x32.mat`; memory holds one of them.

    The classes are called "0" to "9", if `raw` has no names.

    Raises UserError if a file is missing, damaged or not the right one.
    """
    names = tuple(raw.class_names) or _DIGITS
    paths = {Path(path).name: path for path in raw.paths}
    if missing := [name for name in FILES if name not in paths]:
        raise UserError(f"The file {missing[0]} is missing: name it in config/sources.yaml.")
    blocks = (_blocks(paths[name], split, names) for name, split in FILES.items())
    return Stream(itertools.chain.from_iterable(blocks), names)


def _blocks(path: str | Path, split: str, names: Sequence[str]) -> Iterator[Block]:
    arrays = matlab.load(path, ["X", "y"])
    pixels, digits = arrays["X"], arrays["y"]
    with reading_raw(path):
        if pixels.dtype != np.uint8 or pixels.shape[:3] != (32, 32, 3) or pixels.ndim != 4:
            raise ValueError(f"X is {pixels.dtype} {list(pixels.shape)}, not uint8 [32, 32, 3, N]")
        count = pixels.shape[3]
        labels = named(np.where(digits == 10, 0, digits), names, count)
    file = Path(path).name
    for first in range(0, count, _ROWS):
        rows = range(first, min(first + _ROWS, count))
        yield Block(
            pixels[..., first : rows.stop].transpose(3, 0, 1, 2),
            labels[first : rows.stop],
            files=[f"{file}/{row}" for row in rows],
            splits=[split] * len(rows),
        )
