"""STL-10 in its binary form, as https://cs.stanford.edu/~acoates/stl10 describes it.

A .tar.gz archive: in train_X.bin, test_X.bin and unlabeled_X.bin an image is three planes of 96x96
pixels, red, green and blue, each column by column; in train_y.bin and test_y.bin a label is a byte,
1 to 10; class_names.txt has a name in each line.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vae.data.archives import ArchiveError, tar_files
from vae.data.labels import named
from vae.data.streams import Block, Raw, Stream
from vae.services.errors import reading_raw

CHANNELS = 3
SETTINGS = {
    "unlabelled": {"type": "bool", "default": False,
                   "description": "STL-10: train on its 100,000 images without labels as well"},
}  # fmt: skip

# The archive unpacks to 3.1 GB: here a bomb ends.
MAX_BYTES = 4 << 30

_SIDE = 96
_IMAGE = 3 * _SIDE**2  # bytes
_ROWS = 256  # images at a time
_NAMES = "class_names.txt"
_LABELS = ("train_y.bin", "test_y.bin")
_MOST_LABELS = 1 << 20  # bytes


def read(raw: Raw) -> Stream:
    """Read `stl10_binary.tar.gz`, some images at a time. The archive names the classes.

    It is read twice, since labels may come after their images.

    Raises UserError if the archive is damaged or not STL-10.
    """
    (path,) = raw.paths
    with reading_raw(path):
        small = _small_files(path)
        names = tuple(raw.class_names) or tuple(small[_NAMES].decode("utf-8", "replace").split())
        if len({*names}) != len(names):
            raise ArchiveError("two of its classes have the same name")
    labels = {name: np.frombuffer(small[name], np.uint8) for name in _LABELS}
    return Stream(_blocks(path, labels, names, raw.settings["unlabelled"]), names)


def _small_files(path: str | Path) -> dict[str, bytes]:
    found = {}
    with open(path, "rb") as file:
        for member, pieces in tar_files(file, _MOST_LABELS, MAX_BYTES):
            if member.name in (_NAMES, *_LABELS):
                found[member.name] = next(pieces, b"")
            if len(found) == 1 + len(_LABELS):
                return found
    missing = ", ".join({_NAMES, *_LABELS} - {*found})
    raise ArchiveError(f"it lacks {missing}")


def _blocks(
    path: str | Path, labels: dict[str, np.ndarray], names: Sequence[str], unlabelled: bool
) -> Iterator[Block]:
    wanted = {"train_X.bin", "test_X.bin"} | ({"unlabeled_X.bin"} if unlabelled else set())
    with reading_raw(path), open(path, "rb") as file:
        for member, pieces in tar_files(file, _ROWS * _IMAGE, MAX_BYTES):
            if member.name in wanted:
                wanted.remove(member.name)
                yield from _images(member.name, pieces, labels, names)
        if wanted:
            raise ArchiveError(f"it lacks {', '.join(sorted(wanted))}")


def _images(
    file: str, pieces: Iterator[bytes], labels: dict[str, np.ndarray], names: Sequence[str]
) -> Iterator[Block]:
    numbers = labels.get(file.replace("_X", "_y"))
    split = "test" if file.startswith("test") else "train"
    first = 0
    for piece in pieces:
        if len(piece) % _IMAGE:
            raise ArchiveError(f"{file} has no whole images of {_IMAGE:,} bytes")
        pixels = np.frombuffer(piece, np.uint8).reshape(-1, 3, _SIDE, _SIDE).transpose(0, 3, 2, 1)
        rows = range(first, first + len(pixels))
        yield Block(
            pixels,
            [""] * len(rows)
            if numbers is None
            else named(numbers[first : rows.stop], names, len(rows), first=1),
            files=[f"{file}/{row}" for row in rows],
            splits=[split] * len(rows),
        )
        first = rows.stop
    if numbers is not None and len(numbers) != first:
        raise ArchiveError(f"{file} has {first:,} images, and there are {len(numbers):,} labels")
