"""What arrays a .npy or .npz file holds, and which of them are images, by their headers.

Imported by the Snakefile: no NumPy here.
"""

import ast
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

SUFFIX = ".npy"
IMAGES = ("images", "x", "imgs", "data")
LABELS = ("labels", "y", "latents_classes", "targets")
# The split that a word before or after a name means.
SPLITS = {"train": "train", "val": "validation", "valid": "validation", "test": "test"}

_LONGEST = 10_000  # characters of a header, as in NumPy
_LENGTH_BYTES = {b"\x01\x00": 2, b"\x02\x00": 4}  # by version


class Header(NamedTuple):
    """Of an array.

    descr: its type, as NumPy writes it. start: where its values begin. size: of header and values.
    """

    name: str
    shape: tuple[int, ...]
    descr: str
    fortran_order: bool
    start: int
    size: int

    @property
    def kind(self) -> str:
        """The letter of its type: b, i, u, f, U, S or others."""
        return self.descr.lstrip("<>|=")[:1]


H = TypeVar("H")  # a Header, or what has its name, shape and kind


def headers(path: str | Path) -> dict[str, Header]:
    """The arrays of a file, by name, without those of objects and records.

    The one of a .npy file is called as the file.

    Raises ValueError, or whatever zipfile stumbles over, if it is neither .npy nor .npz.
    """
    found = []
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(SUFFIX):
                    with archive.open(info) as file:
                        name = info.filename.removesuffix(SUFFIX)
                        found.append(_header(file, name, info.file_size))
    else:
        with open(path, "rb") as file:
            found.append(_header(file, Path(path).name, os.fstat(file.fileno()).st_size))
    return {header.name: header for header in found if header}


def images_of(arrays: Mapping[str, H], name: str | None = None) -> dict[str, H]:
    """The arrays of images, by the word of their split, or "" for one of all images.

    name: without the word of a split; by default one of IMAGES, or the only array that can be one.
    """
    names = [name] if name else IMAGES
    found = {word: called(arrays, names, word) for word in SPLITS}
    found = {word: array for word, array in found.items() if array is not None}
    alone = [a for a in arrays.values() if len(a.shape) in (3, 4) and a.kind in "biuf"]
    whole = called(arrays, names) or (alone[0] if len(alone) == 1 and not name else None)
    return found or ({"": whole} if whole is not None else {})


def called(arrays: Mapping[str, H], names: Sequence[str], word: str = "") -> H | None:
    """The first array of these names with a word before or after it, whatever the case."""
    known = {name.lower(): array for name, array in arrays.items()}
    for name in map(str.lower, names):
        for wanted in (f"{word}_{name}", f"{name}_{word}") if word else (name,):
            if wanted in known:
                return known[wanted]
    return None


def axes(shape: Sequence[int], bands: Sequence[int] | None) -> tuple[int, ...]:
    """The axes of [N, H, W, C] or [N, H, W], of an array that may be [N, C, H, W].

    bands: that are chosen; then there are fewer of them than pixels along a side.
    """
    if len(shape) < 4:
        return 0, 1, 2
    first, last = shape[1], shape[3]
    channels_first = first < last if bands else first in (1, 3) and last not in (1, 3)
    return (0, 2, 3, 1) if channels_first else (0, 1, 2, 3)


def image_shape(path: str | Path, name: str | None) -> tuple[int, int, int] | None:
    """Height, width and channels of the images of a file; None if it has none."""
    try:
        found = images_of(headers(path), name)
    except Exception:  # the job that reads the file says what is wrong with it
        return None
    shape = next((array.shape for array in found.values()), ())
    if len(shape) not in (3, 4):
        return None
    sides = [shape[axis] for axis in axes(shape, None)[1:]]
    return tuple([*sides, 1][:3])


def _header(file: BinaryIO, name: str, size: int) -> Header | None:
    """The header that a file begins with; None if it is of objects or records.

    As https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html describes it.
    """
    magic = file.read(8)
    if magic[:6] != b"\x93NUMPY" or magic[6:] not in _LENGTH_BYTES:
        raise ValueError(f"{name} is not an array as np.save writes it")
    count = _LENGTH_BYTES[magic[6:]]
    length = int.from_bytes(file.read(count), "little")
    if length > _LONGEST:
        raise ValueError(f"the header of {name} has {length:,} characters")
    content = ast.literal_eval(file.read(length).decode("latin1").strip())
    shape, order, descr = (content[key] for key in ("shape", "fortran_order", "descr"))
    if not all(type(side) is int and side >= 0 for side in shape) or type(order) is not bool:
        raise ValueError(f"the header of {name} makes no sense")
    if not isinstance(descr, str) or "O" in descr:
        return None
    return Header(name, tuple(shape), descr, order, 8 + count + length, size)
