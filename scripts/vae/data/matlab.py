"""Arrays of numbers in MATLAB files of version 5 (-v6, -v7), by SciPy, with bounded memory.

The format: https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf. SciPy believes the
sizes in a file, so they are checked first: no array is read that is longer than its place.
"""

import math
import struct
import tempfile
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import scipy.io

from vae.services.errors import UserError, reading_raw

# Twice the largest published file that is read here (SVHN's), unpacked: here a bomb ends.
MAX_BYTES = 1 << 29

_HEADER, _TAG, _ALIGNED = 128, 8, 8  # bytes
_MATRIX, _COMPRESSED = 14, 15  # types of elements
_CHUNK = 1 << 20
_NUMBERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_NUMBERS |= {"double", "single", "logical"}


def load(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The arrays of these names, in MATLAB's order of their axes.

    Other variables are passed over. Memory holds the arrays that are asked for, the disk for a
    while all that the file unpacks to.

    Raises UserError if one is missing, is not an array of numbers, or the file is damaged or of
    another version.
    """
    with reading_raw(path), open(path, "rb") as file, tempfile.TemporaryFile() as plain:
        if file.read(_HEADER).startswith(b"MATLAB 7.3"):
            raise UserError(
                f"{path} is a MATLAB file of version 7.3, which is HDF5, and those of version 5 "
                "are read. In MATLAB, save it again with -v7."
            )
        file.seek(0)
        _unpack(file, plain)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of repeated names
            return _loaded(plain, names)


def _loaded(plain: BinaryIO, names: Sequence[str]) -> dict[str, np.ndarray]:
    plain.seek(0)
    kinds = {name: kind for name, _, kind in scipy.io.whosmat(plain)}
    if missing := [name for name in names if kinds.get(name) not in _NUMBERS]:
        found = ", ".join(f"{name}: {kind}" for name, kind in kinds.items()) or "nothing"
        raise ValueError(f"it has no array of numbers called {missing[0]!r}; it has {found}"[:500])
    plain.seek(0)
    arrays = scipy.io.loadmat(plain, variable_names=names)
    if unreal := [name for name in names if arrays[name].dtype.kind not in "biuf"]:
        raise ValueError(f"the numbers of {unreal[0]!r} are complex")
    return {name: arrays[name] for name in names}


def _unpack(file: BinaryIO, plain: BinaryIO) -> None:
    """Copy a file, its compressed elements unpacked; check what its elements say of their sizes."""
    header = file.read(_HEADER)
    order = {b"IM": "<", b"MI": ">"}.get(header[126:128])
    if not header.startswith(b"MATLAB 5.0") or order is None:
        raise ValueError("not a MATLAB file of version 5")
    plain.write(header)
    while tag := file.read(_TAG):
        start = plain.tell()
        kind, size = struct.unpack(f"{order}II", tag)
        if kind == _COMPRESSED:
            _inflate(file, size, plain)
        else:
            plain.write(tag)
            _copy(file, size, plain)
        _check(plain, start, order)


def _copy(file: BinaryIO, size: int, plain: BinaryIO) -> None:
    while size:
        chunk = file.read(min(size, _CHUNK))
        if not chunk:
            raise ValueError("it ends too early")
        plain.write(chunk)
        _check_size(plain)
        size -= len(chunk)


def _inflate(file: BinaryIO, size: int, plain: BinaryIO) -> None:
    stream = zlib.decompressobj()
    while size and not stream.eof:
        packed = file.read(min(size, _CHUNK))
        if not packed:
            raise ValueError("it ends too early")
        size -= len(packed)
        while packed and not stream.eof:
            plain.write(stream.decompress(packed, _CHUNK))
            _check_size(plain)
            packed = stream.unconsumed_tail
    if size or not stream.eof:
        raise ValueError("its compression is damaged")


def _check_size(plain: BinaryIO) -> None:
    if plain.tell() > MAX_BYTES:
        raise ValueError(f"it unpacks to more than {MAX_BYTES:,} bytes")


def _check(plain: BinaryIO, start: int, order: str) -> None:
    """Raise ValueError if an element is not as long as it says, or a part of it is longer.

    plain: at the element's end; start: where it begins.
    """
    end = plain.tell()
    plain.seek(start)
    kind, size = struct.unpack(f"{order}II", plain.read(_TAG))
    if kind == _MATRIX and start + _TAG + size != end:
        raise ValueError("an array in it is not as long as it says")
    while kind == _MATRIX and plain.tell() < end:
        part, size = struct.unpack(f"{order}II", plain.read(_TAG))
        if part >> 16:  # a small one, whose tag has its values
            continue
        plain.seek(-(-size // _ALIGNED) * _ALIGNED, 1)
        if plain.tell() > end:
            raise ValueError("an array in it is longer than its place")
    plain.seek(end)


def images(values: np.ndarray) -> np.ndarray:
    """Square images, uint8 [N, S, S, 1], of rows of numbers from 0 (black) to 1 (white), [N, S²].

    In a row, as ever in MATLAB, the pixels of an image come column by column.

    Raises ValueError if the numbers are anything else.
    """
    side = math.isqrt(values.shape[1]) if values.ndim == 2 else 0
    if not side or side**2 != values.shape[1] or not len(values):
        raise ValueError(f"an array of {list(values.shape)} is not one of square images, [N, S²]")
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(f"its values reach from {values.min():g} to {values.max():g}, not 0 to 1")
    pixels = np.rint(255 * values.astype(np.float32)).astype(np.uint8)
    return pixels.reshape(-1, side, side, 1).transpose(0, 2, 1, 3)
