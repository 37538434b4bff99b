"""MNIST in black and white, each pixel drawn once: https://www.cs.toronto.edu/~larocheh.

Text files of Larochelle and Murray (2011): a line for each image, of 784 times 0 or 1.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vae.data.streams import Block, Raw, Stream
from vae.services.errors import RawFileError, UserError

CHANNELS = 1
SETTINGS = {}

FILES = {
    "binarized_mnist_train.amat": "train",
    "binarized_mnist_valid.amat": "validation",
    "binarized_mnist_test.amat": "test",
}

_SIDE = 28
_LONGEST = 1 << 12  # bytes of a line
_LINES = 1000  # at a time


def read(raw: Raw) -> Stream:
    """Read the three files. The images have no labels.

    Raises UserError if a file is missing, damaged or not the right one.
    """
    paths = {Path(path).name: path for path in raw.paths}
    if missing := [name for name in FILES if name not in paths]:
        raise UserError(f"The file {missing[0]} is missing: name it in config/sources.yaml.")
    return Stream(_blocks(paths), ())


def _blocks(paths: dict[str, str | Path]) -> Iterator[Block]:
    for name, split in FILES.items():
        first = 0
        with open(paths[name], "rb") as file:
            while lines := [line for _ in range(_LINES) if (line := file.readline(_LONGEST))]:
                pixels = np.stack([_image(line, paths[name]) for line in lines])
                rows = range(first, first + len(lines))
                files = [f"{name}/{row}" for row in rows]
                yield Block(pixels, [""] * len(rows), files, [split] * len(rows))
                first = rows.stop
        if not first:
            raise RawFileError(paths[name], "it is empty")


def _image(line: bytes, path: str | Path) -> np.ndarray:
    """The pixels of a line, uint8 [28, 28, 1]."""
    digits = b"".join(line.split())
    if len(digits) != _SIDE**2 or digits.strip(b"01"):
        raise RawFileError(path, f"a line has {len(digits)} characters, not 784 times 0 or 1")
    return (np.frombuffer(digits, np.uint8) - ord("0")).reshape(_SIDE, _SIDE, 1) * 255
