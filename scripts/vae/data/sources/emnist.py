"""EMNIST: https://www.nist.gov/itl/products-and-services/emnist-dataset.

A zip file of gzipped idx files, gzip/emnist-<subset>-<train or test>-<images or labels>-...; an
image lies on its side: its rows are the columns of the character.
"""

import gzip
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vae.data.labels import named
from vae.data.sources import idx
from vae.data.streams import Block, Raw, Stream
from vae.services.errors import reading_raw

CHANNELS = 1
SETTINGS = {
    "subset": {"type": "choice", "choices": ["balanced", "letters", "digits", "bymerge", "byclass"],
               "default": "balanced",
               "description": "EMNIST: `balanced` (47 classes), `letters` (26, of both cases), "
               "`digits` (10), or all characters: `bymerge` (47), `byclass` (62)"},
}  # fmt: skip

SIDE = 28  # pixels

_DIGITS, _UPPER = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The lower case of other letters looks like their upper case, and is the same class.
_MERGED = f"{_DIGITS}{_UPPER}abdefghnqrt"
CLASSES = {
    "balanced": _MERGED,
    "letters": _UPPER,
    "digits": _DIGITS,
    "bymerge": _MERGED,
    "byclass": f"{_DIGITS}{_UPPER}{_UPPER.lower()}",
}


def read(raw: Raw) -> Stream:
    """Read a subset out of `gzip.zip`; memory holds its images of one split.

    Classes are called by their characters, if `raw` has no names.

    Raises UserError if the file is damaged or not the right one.
    """
    (path,) = raw.paths
    subset = raw.settings["subset"]
    names = tuple(raw.class_names) or tuple(CLASSES[subset])
    return Stream(_blocks(path, subset, names), names)


def _blocks(path: str | Path, subset: str, names: Sequence[str]) -> Iterator[Block]:
    first = 1 if subset == "letters" else 0  # the number of the first class
    with reading_raw(path), zipfile.ZipFile(path) as archive:
        for split in ("train", "test"):
            file = f"emnist-{subset}-{split}-images-idx3-ubyte"
            images = _array(archive, file, 3)
            if images.shape[1:] != (SIDE, SIDE):
                raise ValueError(f"{file} has images of {list(images.shape[1:])}, not 28x28 pixels")
            numbers = _array(archive, f"emnist-{subset}-{split}-labels-idx1-ubyte", 1)
            labels = named(numbers, names, len(images), first)
            files = [f"{file}/{row}" for row in range(len(images))]
            yield Block(images.transpose(0, 2, 1)[..., None], labels, files, [split] * len(images))


def _array(archive: zipfile.ZipFile, name: str, dimensions: int) -> np.ndarray:
    with archive.open(f"gzip/{name}.gz") as file, gzip.GzipFile(fileobj=file) as stream:
        return idx.parse(idx.joined(idx.unpacked(stream)), dimensions, archive.filename)
