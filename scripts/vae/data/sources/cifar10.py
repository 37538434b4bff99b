"""CIFAR-10 in its binary form, as https://www.cs.toronto.edu/~kriz/cifar.html describes it.

A record is a label, 0 to 9, and three planes of 32x32 pixels, red, green and blue: 3,073 bytes.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from vae.data.archives import ArchiveError, tar_members
from vae.data.streams import Block, Raw, Stream
from vae.services.errors import DamagedError

CHANNELS = 3
SETTINGS = {}

TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = ("test_batch.bin",)
NAMES = "batches.meta.txt"

_RECORD = 1 + 3 * 32 * 32
_CLASSES = 10


def read(raw: Raw) -> Stream:
    """Read `cifar-10-binary.tar.gz`, in the official order of its images.

    The archive names the classes, if `raw` does not. It takes the memory of all images, since the
    archive has its files in no order.

    Raises UserError if the archive is damaged or not CIFAR-10.
    """
    (path,) = raw.paths
    files = {*TRAIN, *TEST, NAMES}
    try:
        with open(path, "rb") as file:
            content = {p.name: data for p, data in tar_members(file) if p.name in files}
        if missing := ", ".join(sorted(files - set(content))):
            raise ArchiveError(f"it lacks {missing}")
        names = tuple(raw.class_names) or tuple(content[NAMES].decode("utf-8", "replace").split())
        if len(names) != _CLASSES:
            raise ArchiveError(f"there are ten classes, and {len(names)} names for them")
        if len({*names}) != _CLASSES:
            raise ArchiveError("two of its classes have the same name")
        records = {name: _records(name, content[name]) for name in (*TRAIN, *TEST)}
    except ArchiveError as error:
        raise DamagedError(
            f"{path} is not the CIFAR-10 archive, or damaged: {error}.", path
        ) from error
    return Stream(_blocks(records, names), names)


def _blocks(records: dict[str, np.ndarray], names: Sequence[str]) -> Iterator[Block]:
    """Yield the images of each file, whose records are then let go."""
    for file in list(records):
        part = records.pop(file)
        yield Block(
            part[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1),
            labels=[names[label] for label in part[:, 0]],
            files=[f"{file}/{row}" for row in range(len(part))],
            splits=["test" if file in TEST else "train"] * len(part),
        )


def _records(name: str, data: bytes) -> np.ndarray:
    """Return the records of a file, uint8 [N, 3073]."""
    if not data or len(data) % _RECORD:
        raise ArchiveError(f"{name} has {len(data):,} bytes, which are no whole records of 3,073")
    records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
    if (highest := records[:, 0].max()) >= _CLASSES:
        raise ArchiveError(f"{name} has a label {highest}, and there are 0 to 9")
    return records
