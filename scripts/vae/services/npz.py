"""Reading npz files that may be malicious: no pickle, no more memory than they have bytes."""

import math
import mmap
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_CHUNK = 1 << 20


def read(
    path: str | Path,
    wanted: Callable[[str], bool] = lambda name: True,
    mapped: Callable[[str], bool] = lambda name: False,
    shuffled: Callable[[str], bool] = lambda name: False,
) -> dict[str, np.ndarray]:
    """Return arrays, by name, of an npz file as `np.savez` writes it: not compressed.

    wanted: of which names; mapped: which of them are mapped, read-only, so that they take memory
    only of the page cache; shuffled: which of these will be read in random order. The checksum of
    each is compared, in one pass.

    Raises FileNotFoundError, or whatever zipfile and NumPy stumble over where it is none.
    """
    arrays = {}
    with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if wanted(name):
                place = path if mapped(name) else None
                arrays[name] = _array(archive, member, place, shuffled(name))
    return arrays


def _array(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str | Path | None, shuffled: bool
) -> np.ndarray:
    """An array of an archive: mapped from the file at `path`, else read.

    Raises ValueError where it would take more memory than its place in the file: a header of a
    hundred bytes can ask for any amount.
    """
    with archive.open(member) as file:
        version = npy.read_magic(file)
        if version not in _HEADERS or member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"np.savez did not write {member.filename}")
        shape, fortran_order, dtype = _HEADERS[version](file)
        start, count = file.tell(), math.prod(shape)
        if dtype.hasobject or (count and not dtype.itemsize):
            raise ValueError(f"{member.filename} contains neither numbers nor text")
        if count * dtype.itemsize != member.file_size - start:
            raise ValueError(f"{member.filename} is not as long as its header says")
        content = None if path and count else bytearray()
        while chunk := file.read(_CHUNK):  # zipfile compares the checksum at the end
            if content is not None:
                content += chunk
    order = "F" if fortran_order else "C"
    if content is not None:
        return np.ndarray(shape, dtype, content, order=order)
    offset = _offset(archive, member) + start
    return _mapped(path, dtype, shape, order, offset, shuffled)


def _mapped(
    path: str | Path,
    dtype: np.dtype,
    shape: tuple[int, ...],
    order: str,
    offset: int,
    shuffled: bool,
) -> np.ndarray:
    """An array at an offset of a file, read-only."""
    begin = offset % mmap.ALLOCATIONGRANULARITY
    size = begin + math.prod(shape) * dtype.itemsize
    with open(path, "rb") as file:
        pages = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ, offset=offset - begin)
    if shuffled and hasattr(mmap, "MADV_RANDOM"):
        # Else the system reads many more images along with each that is not in the page cache.
        pages.madvise(mmap.MADV_RANDOM)
    return np.ndarray(shape, dtype, pages, begin, order=order)


def _offset(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Where in the file the content of a member begins."""
    archive.fp.seek(member.header_offset)
    header = archive.fp.read(30)
    return member.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
