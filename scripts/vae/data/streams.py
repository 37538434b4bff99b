"""What a source of `vae.data.sources` is given, raw data, and what it gives: images, in blocks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np


class Raw(NamedTuple):
    """The raw data of a dataset, and how to read them.

    paths: of its files, in any order; of a folder, that folder; none if there are none.
    settings: the values of the SETTINGS that the source states.
    class_names: in the order of their labels; empty if the config leaves them to the source.
    workers: processes that the source may use.
    """

    paths: Sequence[str | Path]
    settings: Mapping[str, Any]
    class_names: Sequence[str] = ()
    workers: int = 1


class Skipped(NamedTuple):
    """A file that is not among the images, and why."""

    path: str
    reason: str


class Block(NamedTuple):
    """Some images, in their order.

    pixels: uint8 [B, H, W, C], of one shape in all blocks; or float32, if the percentiles of the
        training images are to become black and white. The next block may overwrite them.
    labels: name of each image's class, "" for an image without one.
    files: name of the file that each image comes from: its path within the dataset, with "/"; for
        a row of an array the array's file and the row, such as "test_batch.bin/17".
    splits: "train", "test", "validation", or "" for an image that is still to be put into one of
        the first two.
    columns: what else is known of each image, by name: numbers, texts or None. Images of the same
        "group", unless it is "" or None, belong together.
    skipped: files that cannot be read.
    left_out: files that are left out on purpose, which `max_skipped` does not count.
    """

    pixels: np.ndarray
    labels: Sequence[str]
    files: Sequence[str]
    splits: Sequence[str]
    columns: Mapping[str, Sequence[Any]] = MappingProxyType({})
    skipped: Sequence[Skipped] = ()
    left_out: Sequence[Skipped] = ()


class Stream(NamedTuple):
    """The images of a source.

    blocks: made as they are asked for, so that errors of the raw files may come that late.
    class_names: in the order of their labels; None for the names that occur, sorted.
    grouped: whether images of the same pixels are a group, as in data of the user's own; in those
        that others publish, the split stays what they and earlier versions made it.
    """

    blocks: Iterator[Block]
    class_names: tuple[str, ...] | None = None
    grouped: bool = False
