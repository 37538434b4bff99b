"""Reading npz files that may be damaged or evil: no pickle, no more memory than they have bytes."""

import math
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read(path: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays, by name, of an npz file as `np.savez` writes it: not compressed.

    Raises FileNotFoundError, or whatever zipfile and NumPy stumble over where it is none.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            _check(archive, member)
    with np.load(path, allow_pickle=False) as npz:
        return dict(npz)


def _check(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise ValueError where an array would take more memory than its place in the file.

    A header of a hundred bytes can ask for any amount, and NumPy reserves it before it reads.
    """
    with archive.open(member) as file:
        version = npy.read_magic(file)
        if version not in _HEADERS or member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"np.savez did not write {member.filename}")
        shape, _, dtype = _HEADERS[version](file)
    if math.prod(shape) * dtype.itemsize > member.file_size:
        raise ValueError(f"{member.filename} is shorter than its header says")
