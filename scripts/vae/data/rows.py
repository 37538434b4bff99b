"""Rows of an array that is larger than the memory."""

from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.lib import format as npy

_PIECE = 4 << 20  # bytes


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of an array in an order of their own. Only what asks for their values copies them.

    An index, a slice or an array of integers, chooses among the rows, as it would in an array.

    array: [M, ...], such as one mapped from a file.
    order: int64 [N], which row of it each one is.
    """

    array: np.ndarray
    order: np.ndarray

    @property
    def dtype(self) -> np.dtype:
        """As of the array."""
        return self.array.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """[N, ...]."""
        return len(self), *self.array.shape[1:]

    @property
    def ndim(self) -> int:
        """As of the array."""
        return self.array.ndim

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, indices: slice | np.ndarray) -> "Rows":
        return Rows(self.array, self.order[indices])

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.array[self.order], dtype)

    def save(self, file: IO[bytes]) -> None:
        """Write the values as `np.save` would, a few MB at a time."""
        header = {"descr": npy.dtype_to_descr(self.dtype), "fortran_order": False}
        npy.write_array_header_1_0(file, header | {"shape": self.shape})
        count = max(1, _PIECE // max(1, self.array[:1].nbytes))
        for start in range(0, len(self), count):
            file.write(self.array[self.order[start : start + count]])
