"""Names of the files that images come from, as two plain arrays."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class FileNames:
    """A sequence of names, one for each image.

    A whole number as an index gives a name, a slice or an array gives some as `FileNames`.

    block: uint8, the names in UTF-8, one after the other.
    offsets: int64 [N + 1], where in the block each name begins; the last one is its end.
    """

    block: np.ndarray
    offsets: np.ndarray

    def __post_init__(self):
        kinds = [(array.dtype, array.ndim) for array in (self.block, self.offsets)]
        if kinds != [(np.uint8, 1), (np.int64, 1)]:
            raise ValueError(f"file names: expected uint8 [...] and int64 [N + 1], got {kinds}")
        ends = self.offsets[[0, -1]].tolist() if len(self.offsets) else []
        if ends != [0, len(self.block)] or (self.offsets[1:] < self.offsets[:-1]).any():
            raise ValueError("file names: their offsets do not fit")

    @classmethod
    def of(cls, names: Iterable[str]) -> "FileNames":
        """These names."""
        encoded = [name.encode() for name in names]
        offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    @classmethod
    def none(cls, count: int) -> "FileNames":
        """Empty names, for images of which no file is known."""
        return cls(np.zeros(0, np.uint8), np.zeros(count + 1, np.int64))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str = "") -> "FileNames":
        """The names that `arrays` gave. Raises KeyError or ValueError if they are not there."""
        return cls(arrays[f"{prefix}files"], arrays[f"{prefix}file_offsets"])

    def arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """The names as members of an npz file: <prefix>files and <prefix>file_offsets."""
        return {f"{prefix}files": self.block, f"{prefix}file_offsets": self.offsets}

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, key: int | slice | np.ndarray) -> "str | FileNames":
        rows = np.arange(len(self))[key]
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        if rows.ndim == 0:
            return self.block[starts : starts + lengths].tobytes().decode()
        names, block = memoryview(self.block), bytearray()
        for start, end in zip(starts, starts + lengths, strict=True):
            block += names[start:end]  # an index array of all bytes would take eight times as much
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return FileNames(np.frombuffer(block, np.uint8), offsets)

    def __iter__(self) -> Iterator[str]:
        text = self.block.tobytes()
        return (text[a:b].decode() for a, b in itertools.pairwise(self.offsets.tolist()))
