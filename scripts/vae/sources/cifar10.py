"""CIFAR-10 in its binary form, as https://www.cs.toronto.edu/~kriz/cifar.html describes it.

A record is a label, 0 to 9, and three planes of 32x32 pixels, red, green and blue: 3,073 bytes.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scripts.vae.archives import ArchiveError, tar_members
from scripts.vae.images import Images, Split
from scripts.vae.jobs import UserError

TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = ("test_batch.bin",)
NAMES = "batches.meta.txt"

_PIXELS = 3 * 32 * 32
_CLASSES = 10


def read(raw: Sequence[str | Path], class_names: Sequence[str] = ()) -> Images:
    """Read `cifar-10-binary.tar.gz`, in the official order of its images.

    raw: its path, alone.
    class_names: names of the ten classes; by default those that the archive gives.

    Raises UserError where the archive is damaged or not CIFAR-10.
    """
    (path,) = raw
    wanted = {*TRAIN, *TEST, NAMES}
    try:
        with open(path, "rb") as file:
            content = {p.name: data for p, data in tar_members(file) if p.name in wanted}
        if missing := ", ".join(sorted(wanted - set(content))):
            raise ArchiveError(f"it lacks {missing}")
        names = tuple(class_names) or tuple(content.pop(NAMES, b"").decode("utf-8").split())
        if len(names) != _CLASSES:
            raise ArchiveError(f"there are ten classes, and {len(names)} names for them")
        return Images(_split(content, TRAIN), _split(content, TEST), names)
    except ArchiveError as error:
        raise UserError(
            f"{path} is not the CIFAR-10 archive, or damaged: {error}. "
            "Delete it and run the same command again: it will be fetched anew."
        ) from error


def _split(content: dict[str, bytes], names: Sequence[str]) -> Split:
    """Take the records of some files, one after the other, out of `content`."""
    sizes = [_records(name, content[name]) for name in names]
    pixels = np.empty((sum(sizes), 32, 32, 3), np.uint8)
    labels = np.empty(len(pixels), np.int64)
    start = 0
    for name, size in zip(names, sizes, strict=True):
        # Popped, so that no more than one file is in memory twice.
        records = np.frombuffer(content.pop(name), np.uint8).reshape(size, 1 + _PIXELS)
        rows = slice(start, start + size)
        labels[rows] = records[:, 0]
        pixels[rows] = records[:, 1:].reshape(size, 3, 32, 32).transpose(0, 2, 3, 1)
        if records[:, 0].max() >= _CLASSES:
            raise ArchiveError(f"{name} has a label {records[:, 0].max()}, and there are 0 to 9")
        start += size
    return Split(pixels, labels)


def _records(name: str, data: bytes) -> int:
    count, rest = divmod(len(data), 1 + _PIXELS)
    if rest or not count:
        raise ArchiveError(f"{name} has {len(data):,} bytes, which are no whole records of 3,073")
    return count
