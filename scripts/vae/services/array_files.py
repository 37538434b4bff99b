"""Arrays of .npy and .npz files that somebody else wrote, a few rows at a time: no pickle."""

import math
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_SUFFIX = ".npy"
_FORTRAN_BYTES = 1 << 26  # rows that lie apart are gathered in larger pieces


class Member(NamedTuple):
    """An array of a file. start: where its values begin, after its header; size: of both."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool
    start: int
    size: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, which is what an index of the first axis gives."""
        return self.dtype.itemsize * math.prod(self.shape[1:])


def members(path: str | Path) -> dict[str, Member]:
    """The arrays of a file, by name, without those of objects; a .npy file has one, named after it.

    Raises ValueError, or whatever zipfile and NumPy stumble over, if it is neither .npy nor .npz.
    """
    if not zipfile.is_zipfile(path):
        with open(path, "rb") as file:
            member = _member(file, Path(path).name, os.fstat(file.fileno()).st_size)
        return {member.name: member} if member else {}
    found = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.filename.endswith(_SUFFIX):
                with archive.open(info) as file:
                    member = _member(file, info.filename.removesuffix(_SUFFIX), info.file_size)
                if member:
                    found[member.name] = member
    return found


def rows(path: str | Path, member: Member, count: int) -> Iterator[np.ndarray]:
    """Yield the rows of an array [N, ...], `count` at a time, with its dtype.

    What lies in Fortran's order in an archive is unpacked into a temporary file.

    Raises ValueError, or whatever zipfile stumbles over, if they are damaged.
    """
    total = member.shape[0]
    if member.fortran_order and len(member.shape) > 1:
        array = _mapped(path, member)
        count = max(count, min(4096, _FORTRAN_BYTES // max(1, member.row_bytes)))
        yield from (np.ascontiguousarray(array[i : i + count]) for i in range(0, total, count))
        return
    with _opened(path, member.name) as file:
        file.read(member.start)
        for first in range(0, total, count):
            shape = min(count, total - first), *member.shape[1:]
            content = file.read(shape[0] * member.row_bytes)
            yield np.ndarray(shape, member.dtype, content)
        file.read(1)  # at the end zipfile compares the checksum


def _member(file: BinaryIO, name: str, size: int) -> Member | None:
    """The array that a file begins with; None if it is one of objects."""
    version = npy.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"{name} is of version {version} of the format")
    shape, fortran_order, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        return None
    start, count = file.tell(), math.prod(shape)
    if min(shape, default=0) < 0 or (count and not dtype.itemsize):
        raise ValueError(f"the header of {name} makes no sense")
    if count * dtype.itemsize != size - start:
        raise ValueError(f"{name} is not as long as its header says")
    return Member(name, shape, dtype, fortran_order, start, size)


@contextmanager
def _opened(path: str | Path, name: str) -> Iterator[BinaryIO]:
    if not zipfile.is_zipfile(path):
        with open(path, "rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive, archive.open(name + _SUFFIX) as file:
        yield file


def _mapped(path: str | Path, member: Member) -> np.ndarray:
    """An array in Fortran's order, which says nothing about where a row lies."""
    with _opened(path, member.name) as file, tempfile.TemporaryFile() as copy:
        if zipfile.is_zipfile(path):
            shutil.copyfileobj(file, copy)
            copy.flush()
            file = copy
        return np.memmap(file, member.dtype, "r", member.start, member.shape, "F")
