"""Arrays of numbers in MATLAB files of version 5 (-v6, -v7).

The format: https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf. SciPy reads it, too,
but there is damage on which it crashes, and the process with it.
"""

import math
import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from vae.services.errors import UserError, reading_raw

# Twice the largest published file that is read here (SVHN's), unpacked: here a bomb ends.
MAX_BYTES = 1 << 29

_HEADER, _TAG, _ALIGNED = 128, 8, 8  # bytes
_MATRIX, _COMPRESSED = 14, 15  # types of elements
# Types of values, by their numbers.
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8"}
_TYPES |= {13: "u8"}
_CLASSES = range(6, 16)  # of arrays of numbers
_COMPLEX = 0x0800
_CHUNK = 1 << 20


class _Values(NamedTuple):
    """Numbers in the unpacked file: their type, as in _TYPES, where they begin, and their bytes."""

    type: int
    start: int
    size: int


class _Array(NamedTuple):
    shape: list[int]
    values: _Values


def load(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The arrays of these names, in MATLAB's order of their axes.

    Other variables, and objects above all, are passed over. Memory holds the arrays that are asked
    for, the disk for a while all that the file unpacks to.

    Raises UserError if one is missing, is not an array of real numbers, or the file is damaged or
    of another version.
    """
    with reading_raw(path), open(path, "rb") as file, tempfile.TemporaryFile() as plain:
        header = file.read(_HEADER)
        if header.startswith(b"MATLAB 7.3"):
            raise UserError(
                f"{path} is a MATLAB file of version 7.3, which is HDF5, and those of version 5 "
                "are read. In MATLAB, save it again with -v7."
            )
        order = {b"IM": "<", b"MI": ">"}.get(header[126:])
        if not header.startswith(b"MATLAB 5.0") or order is None:
            raise ValueError("not a MATLAB file of version 5")
        arrays = dict(_arrays(file, plain, order))
        if missing := [name for name in names if name not in arrays]:
            found = ", ".join(arrays) or "none"
            raise ValueError(
                f"it has no array of real numbers {missing[0]!r}; it has {found}"[:500]
            )
        return {name: _loaded(plain, arrays[name], order) for name in names}


def images(values: np.ndarray, side: int) -> np.ndarray:
    """Square images, uint8 [N, S, S, 1], of rows of numbers from 0 (black) to 1 (white), [N, S²].

    In a row, as ever in MATLAB, the pixels of an image come column by column.

    Raises ValueError if the numbers are anything else.
    """
    if values.ndim != 2 or values.shape[1] != side**2 or not len(values):
        raise ValueError(f"an array of {list(values.shape)} is not one of images, [N, {side**2}]")
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(f"its values reach from {values.min():g} to {values.max():g}, not 0 to 1")
    pixels = np.rint(255 * values.astype(np.float32)).astype(np.uint8)
    return pixels.reshape(-1, side, side, 1).transpose(0, 2, 1, 3)


def _arrays(file: BinaryIO, plain: BinaryIO, order: str) -> Iterator[tuple[str, _Array]]:
    """Unpack the elements of a file, one after the other; yield the arrays of numbers in them."""
    while tag := file.read(_TAG):
        start = plain.tell()
        kind, size = struct.unpack(f"{order}II", tag)
        if kind == _COMPRESSED:
            _inflate(file, size, plain)
        else:
            plain.write(tag)
            _copy(file, size, plain)
        end = plain.tell()
        whole = next(_parts(plain, start, end, order))
        if whole.start + whole.size != end:
            raise ValueError("an array in it is not as long as it says")
        if whole.type == _MATRIX:
            yield from _array(plain, whole.start, end, order)
        plain.seek(end)


def _array(plain: BinaryIO, start: int, end: int, order: str) -> Iterator[tuple[str, _Array]]:
    """The array between two places, and its name; nothing if it is not one of real numbers."""
    parts = _parts(plain, start, end, order)
    flags = int(_numbers(plain, next(parts), order)[0])
    if flags & 0xFF in _CLASSES and not flags & _COMPLEX:
        shape = _numbers(plain, next(parts), order).tolist()
        name = _numbers(plain, next(parts), order).tobytes().decode("ascii")
        yield name, _Array(shape, next(parts))


def _parts(plain: BinaryIO, start: int, end: int, order: str) -> Iterator[_Values]:
    """The elements between two places; raises ValueError after the last one."""
    while start < end:
        plain.seek(start)
        kind, size = struct.unpack(f"{order}II", plain.read(_TAG))
        small = kind >> 16  # the size of one whose tag has its values
        if small > 4 or (not small and start + _TAG + size > end):
            raise ValueError("an array in it is longer than its place")
        if small:
            yield _Values(kind & 0xFFFF, start + 4, small)
            start += _TAG
        else:
            yield _Values(kind, start + _TAG, size)
            start += _TAG + -(-size // _ALIGNED) * _ALIGNED
    raise ValueError("an array in it ends too early")


def _numbers(plain: BinaryIO, values: _Values, order: str) -> np.ndarray:
    if values.type not in _TYPES:
        raise ValueError(f"numbers in it are of the unknown type {values.type}")
    plain.seek(values.start)
    return np.frombuffer(plain.read(values.size), f"{order}{_TYPES[values.type]}")


def _loaded(plain: BinaryIO, array: _Array, order: str) -> np.ndarray:
    numbers = _numbers(plain, array.values, order)
    if math.prod(array.shape) != numbers.size or min(array.shape) < 0:
        raise ValueError(f"an array of {array.shape} in it has {numbers.size:,} values")
    return numbers.reshape(array.shape, order="F")


def _copy(file: BinaryIO, size: int, plain: BinaryIO) -> None:
    while size:
        chunk = file.read(min(size, _CHUNK))
        if not chunk:
            raise ValueError("it ends too early")
        _write(chunk, plain)
        size -= len(chunk)


def _inflate(file: BinaryIO, size: int, plain: BinaryIO) -> None:
    stream = zlib.decompressobj()
    while size and not stream.eof:
        packed = file.read(min(size, _CHUNK))
        if not packed:
            raise ValueError("it ends too early")
        size -= len(packed)
        while packed and not stream.eof:
            _write(stream.decompress(packed, _CHUNK), plain)
            packed = stream.unconsumed_tail
    if size or stream.unused_data or not stream.eof:
        raise ValueError("its compression is damaged")


def _write(chunk: bytes, plain: BinaryIO) -> None:
    plain.write(chunk)
    if plain.tell() > MAX_BYTES:
        raise ValueError(f"it unpacks to more than {MAX_BYTES:,} bytes")
