"""The idx format of MNIST and its kin, as http://yann.lecun.com/exdb/mnist/ describes it.

A header, big-endian (two zero bytes, the elements' type, the number of dimensions, and a size of 32
bits for each), then the elements in row-major order. The files are gzipped, or plain.
"""

import gzip
import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vae.data.streams import Block, Raw, Stream
from vae.services.errors import RawFileError, UserError

CHANNELS = 1
SETTINGS = {}

# Twice the largest published file of this format (EMNIST's): here a gzip bomb ends.
MAX_BYTES = 1 << 30

_UINT8 = 0x08  # the only element type that images and labels come in
_CHUNK = 1 << 20
_SPLITS = {"train": "train", "t10k": "test"}  # by the first part of a file's name


def read(raw: Raw) -> Stream:
    """Read the four files of a dataset: images and labels, to train (train-) and to test (t10k-).

    They have their standard names, and come in any order. Classes are called by their number, if
    `raw` has no names.

    Raises UserError if a file is missing, damaged, or does not fit the others.
    """
    paths = {Path(path).name.removesuffix(".gz"): Path(path) for path in raw.paths}
    labels = {part: _labels(paths, part, raw.class_names) for part in _SPLITS}
    count = 1 + max(array.max() for array in labels.values())
    names = tuple(raw.class_names) or tuple(str(label) for label in range(count))
    return Stream(_blocks(paths, labels, names), names)


def parse(data: bytes | bytearray, dimensions: int, name: str | Path) -> np.ndarray:
    """Return the array that the bytes of an uncompressed idx file hold.

    dimensions: how many axes it should have.
    name: of the file, for messages.

    Returns uint8, a view of `data`. Raises UserError if `data` is anything else or empty.
    """
    magic, start = bytes((0, 0, _UINT8, dimensions)), 4 + 4 * dimensions
    if data[:4] != magic:
        raise RawFileError(name, f"it begins with 0x{data[:4].hex()} instead of 0x{magic.hex()}")
    if len(data) < start:
        raise RawFileError(name, "it ends within its header")
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    size = start + math.prod(shape)
    if len(data) != size:
        raise RawFileError(name, f"it unpacks to {len(data):,} bytes, its header says {size:,}")
    if size == start:
        raise RawFileError(name, "it is empty")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def build(array: np.ndarray) -> bytes:
    """Return the bytes of an uncompressed idx file for a uint8 array: what `parse` reads."""
    if array.dtype != np.uint8:
        raise ValueError(f"expected uint8, got {array.dtype}")
    header = struct.pack(f">HBB{array.ndim}I", 0, _UINT8, array.ndim, *array.shape)
    return header + array.tobytes()


def content(path: Path) -> Iterator[bytes]:
    """Yield the uncompressed bytes of a gzipped or plain file, a chunk at a time.

    Raises ValueError if they are damaged or more than MAX_BYTES.
    """
    with path.open("rb") as file:
        yield from unpacked(gzip.GzipFile(fileobj=file) if is_gzip(path) else file)


def unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what a stream gives, such as one that unpacks a file, a chunk at a time.

    Raises ValueError if it is damaged or more than MAX_BYTES.
    """
    left = MAX_BYTES
    try:
        while chunk := stream.read(_CHUNK):
            if len(chunk) > left:
                raise ValueError(f"it unpacks to more than {MAX_BYTES:,} bytes")
            left -= len(chunk)
            yield chunk
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"its compression is damaged: {error}") from error


def joined(chunks: Iterable[bytes]) -> bytearray:
    """Chunks as one; it grows in place, since a copy would take the memory twice."""
    data = bytearray()
    for chunk in chunks:
        data += chunk
    return data


def is_gzip(path: Path) -> bool:
    """Return whether a file is gzipped, by its first bytes: names lie, and servers unpack."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _labels(paths: dict[str, Path], part: str, class_names: Sequence[str]) -> np.ndarray:
    path, labels = _load(paths, f"{part}-labels-idx1-ubyte", 1)
    if class_names and labels.max() >= len(class_names):
        raise RawFileError(
            path,
            f"it has a label {labels.max()}, and the source has {len(class_names)} class names",
        )
    return labels


def _blocks(
    paths: dict[str, Path], labels: dict[str, np.ndarray], names: Sequence[str]
) -> Iterator[Block]:
    """Yield the images to train, then those to test."""
    size = None
    for part, split in _SPLITS.items():
        file = f"{part}-images-idx3-ubyte"
        path, images = _load(paths, file, 3)
        if len(images) != len(labels[part]):
            raise RawFileError(
                paths[f"{part}-labels-idx1-ubyte"],
                f"it has {len(labels[part]):,} labels for {len(images):,} images in {path}",
            )
        height, width = images.shape[1:]
        if (height, width) != (size or (height, width)):
            raise RawFileError(
                path, f"its images are {height}x{width}, those to train are {size[0]}x{size[1]}"
            )
        size = height, width
        yield Block(
            images[..., np.newaxis],
            labels=[names[label] for label in labels[part]],
            files=[f"{file}/{row}" for row in range(len(images))],
            splits=[split] * len(images),
        )


def _load(paths: dict[str, Path], name: str, dimensions: int) -> tuple[Path, np.ndarray]:
    if name not in paths:
        raise UserError(
            f"The file {name}.gz is missing. A source of the format idx needs the four standard "
            "files, images and labels to train and to test, under `files` in config/sources.yaml."
        )
    path = paths[name]
    try:
        return path, parse(joined(content(path)), dimensions, path)
    except ValueError as error:
        raise RawFileError(path, error) from error
