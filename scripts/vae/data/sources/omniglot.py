"""OMNIGLOT at 28x28 pixels, as Burda et al. (2015) made it: https://github.com/yburda/iwae.

A MATLAB file: `data` [784, 24345] and `testdata` [784, 8070], from 0 to 1; `target` and
`testtarget` [50, N], 1 in the row of an image's alphabet; `targetchar` and `testtargetchar` [1, N],
the number of the character within its alphabet.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vae.data import matlab
from vae.data.labels import named
from vae.data.streams import Block, Raw, Stream
from vae.services.errors import reading_raw

CHANNELS = 1
SETTINGS = {}

SIDE = 28  # pixels

_ALPHABETS = tuple(str(number) for number in range(1, 51))
_ARRAYS = ("data", "target", "targetchar")
_SPLITS = {"": "train", "test": "test"}  # by how the name of an array begins


def read(raw: Raw) -> Stream:
    """Read `chardata.mat`. Classes are the alphabets, called "1" to "50" if `raw` has no names.

    A column `character` has the number of each character within its alphabet.

    Raises UserError if the file is damaged or not the right one.
    """
    (path,) = raw.paths
    names = tuple(raw.class_names) or _ALPHABETS
    return Stream(_blocks(path, names), names)


def _blocks(path: str | Path, names: Sequence[str]) -> Iterator[Block]:
    arrays = matlab.load(path, [f"{start}{name}" for start in _SPLITS for name in _ARRAYS])
    with reading_raw(path):
        for start, split in _SPLITS.items():
            values, alphabets, characters = (arrays[f"{start}{name}"] for name in _ARRAYS)
            pixels = matlab.images(values.T, SIDE)
            count = len(pixels)
            if alphabets.ndim != 2 or not (alphabets.sum(axis=0) == 1).all():
                raise ValueError("an image is not of one alphabet")
            if characters.size != count:
                raise ValueError(f"there are {characters.size} characters for {count} images")
            yield Block(
                pixels,
                named(alphabets.argmax(axis=0), names, count),
                files=[f"{start}data/{row}" for row in range(count)],
                splits=[split] * count,
                columns={"character": characters.ravel().astype(np.int64).tolist()},
            )
