"""Caltech 101 Silhouettes at 28x28 pixels: https://people.cs.umass.edu/~marlin/data.shtml.

A MATLAB file: `train_data`, `val_data` and `test_data` [N, 784] of 0 and 1, and `train_labels`, ...
[N, 1], from 1 to 101.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vae.data import matlab
from vae.data.labels import named
from vae.data.streams import Block, Raw, Stream
from vae.services.errors import reading_raw

CHANNELS = 1
SETTINGS = {}

SIDE = 28  # pixels

_CLASSES = tuple(str(number) for number in range(1, 102))
_SPLITS = {"train": "train", "val": "validation", "test": "test"}


def read(raw: Raw) -> Stream:
    """Read `caltech101_silhouettes_28_split1.mat`, 0 as black and 1 as white.

    Classes are called "1" to "101" if `raw` has no names: those in the file are objects of MATLAB.

    Raises UserError if the file is damaged or not the right one.
    """
    (path,) = raw.paths
    names = tuple(raw.class_names) or _CLASSES
    return Stream(_blocks(path, names), names)


def _blocks(path: str | Path, names: Sequence[str]) -> Iterator[Block]:
    arrays = matlab.load(path, [f"{s}_{kind}" for s in _SPLITS for kind in ("data", "labels")])
    with reading_raw(path):
        for start, split in _SPLITS.items():
            pixels = matlab.images(arrays[f"{start}_data"], SIDE)
            labels = named(arrays[f"{start}_labels"], names, len(pixels), first=1)
            files = [f"{start}_data/{row}" for row in range(len(pixels))]
            yield Block(pixels, labels, files, [split] * len(pixels))
