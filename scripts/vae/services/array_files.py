"""Arrays of .npy and .npz files that somebody else wrote, a few rows at a time: no pickle."""

import math
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from vae.services.array_headers import SUFFIX, Header, headers

_FORTRAN_BYTES = 1 << 26  # rows that lie apart are gathered in larger pieces


class Member(NamedTuple):
    """An array of a file. start: where its values begin, after its header."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool
    start: int

    @property
    def kind(self) -> str:
        """The letter of its type."""
        return self.dtype.kind

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, which is what an index of the first axis gives."""
        return self.dtype.itemsize * math.prod(self.shape[1:])


def members(path: str | Path) -> dict[str, Member]:
    """The arrays of a file, by name, as in `array_headers.headers`.

    Raises ValueError, or whatever zipfile and NumPy stumble over, if it is neither .npy nor .npz.
    """
    return {name: _member(header) for name, header in headers(path).items()}


def named(members: Mapping[str, Member], name: str) -> Member:
    """The array of a name. Raises ValueError if there is none."""
    if name not in members:
        raise ValueError(f"it has no array {name!r}; it has {', '.join(members) or 'none'}"[:500])
    return members[name]


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


def _member(header: Header) -> Member:
    name, shape, descr, fortran_order, start, size = header
    dtype, count = np.dtype(descr), math.prod(shape)
    if count and not dtype.itemsize:
        raise ValueError(f"the header of {name} makes no sense")
    if count * dtype.itemsize != size - start:
        raise ValueError(f"{name} is not as long as its header says")
    return Member(name, shape, dtype, fortran_order, start)


@contextmanager
def _opened(path: str | Path, name: str) -> Iterator[BinaryIO]:
    if not zipfile.is_zipfile(path):
        with open(path, "rb") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive, archive.open(name + SUFFIX) as file:
        yield file


def _mapped(path: str | Path, member: Member) -> np.ndarray:
    """An array in Fortran's order, which says nothing about where a row lies."""
    with _opened(path, member.name) as file, tempfile.TemporaryFile() as copy:
        if zipfile.is_zipfile(path):
            shutil.copyfileobj(file, copy)
            copy.flush()
            file = copy
        return np.memmap(file, member.dtype, "r", member.start, member.shape, "F")
