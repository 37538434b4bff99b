"""The images of a dataset: pixels, labels and names, in memory and as one npz file."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from vae.data.file_names import FileNames
from vae.data.rows import Rows
from vae.services import npz
from vae.services.errors import DamagedError, UserError, reading
from vae.services.files import atomic


@dataclass(frozen=True)
class Split:
    """Images of a training or a test set.

    pixels: uint8 [N, H, W, C], C = 1 (gray) or 3 (RGB); `Rows` while images are prepared.
    labels: int64 [N], an index into the class names, or -1 if there is none.
    files: of each image the name of the file that it comes from; by default empty names.
    columns: what else the source says of each image, by name: numbers or texts [N].
    """

    pixels: np.ndarray | Rows
    labels: np.ndarray
    files: FileNames | None = None
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self):
        if self.pixels.ndim != 4 or self.pixels.dtype != np.uint8:
            raise ValueError(
                f"pixels: expected uint8 [N, H, W, C], got {self.pixels.dtype} {self.pixels.shape}"
            )
        if self.labels.shape != self.pixels.shape[:1] or self.labels.dtype.kind not in "iu":
            raise ValueError(
                f"labels: expected integers [{len(self.pixels)}], got {self.labels.dtype} "
                f"{self.labels.shape}"
            )
        if self.files is None:
            object.__setattr__(self, "files", FileNames.none(len(self)))
        if len(self.files) != len(self):
            raise ValueError(f"{len(self.files)} file names for {len(self)} images")
        for name, values in self.columns.items():
            if values.shape != self.labels.shape or values.dtype.kind not in "biufU":
                raise ValueError(f"column {name}: got {values.dtype} {values.shape}")

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, indices: slice | np.ndarray) -> "Split":
        columns = {name: values[indices] for name, values in self.columns.items()}
        return Split(self.pixels[indices], self.labels[indices], self.files[indices], columns)


@dataclass(frozen=True)
class Images:
    """A dataset: a training and a test set, and the names of its classes.

    validation: images taken from the training set to choose a run by; None if there are none.
    preparation: how the images were made: `format` and settings of their source, `channels`,
        `shape`, and how many `validation` images were taken; empty if unknown.
    """

    train: Split
    test: Split
    class_names: tuple[str, ...] = ()
    validation: Split | None = None
    preparation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def splits(self) -> dict[str, Split]:
        """The splits that there are, by name: train, test, maybe validation."""
        splits = {"train": self.train, "test": self.test, "validation": self.validation}
        return {name: split for name, split in splits.items() if split is not None}

    @property
    def held_out(self) -> tuple[str, Split]:
        """The set that training is monitored on, and its name: validation images if any."""
        return ("validation", self.validation) if self.validation else ("test", self.test)

    def hold_out(self, n: int) -> "Images":
        """Take n random training images, the same on every machine, for validation.

        Raises UserError if fewer than two would be left.
        """
        if n > len(self.train) - 2:
            raise UserError(
                f"validation: {n} of {len(self.train)} training images are too many to take away. "
                "Set a smaller number in config/config.yaml."
            )
        order = np.random.default_rng(0).permutation(len(self.train))
        train, validation = np.sort(order[n:]), np.sort(order[:n])
        return replace(self, train=self.train[train], validation=self.train[validation])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        return self.train.pixels.shape[1:]


def save(images: Images, path: str | Path) -> None:
    """Write `images` to an npz file, as `write` does. It appears whole or not at all."""
    with atomic(path) as part:
        write(images, part)


def write(images: Images, path: str | Path) -> None:
    """Write `images` to an npz file as `np.savez` would: not compressed, so that it loads fast."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in _members(images).items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                if isinstance(array, Rows):
                    array.save(member)
                else:
                    npy.write_array(member, array, allow_pickle=False)


def _members(images: Images) -> dict[str, np.ndarray | Rows]:
    arrays = {
        "class_names": np.array(images.class_names, dtype=np.str_),
        "preparation": np.array(json.dumps(dict(images.preparation))),
    }
    for name, split in images.splits.items():
        arrays |= {f"{name}_pixels": split.pixels, f"{name}_labels": split.labels}
        arrays |= split.files.arrays(f"{name}_")
        arrays |= {f"{name}_column_{key}": values for key, values in split.columns.items()}
    return arrays


def load(path: str | Path, shuffled: bool = False) -> Images:
    """Map what `save` wrote: pixels take no memory but that of the page cache, and are read-only.

    shuffled: whether training images will be read in random order.

    Raises UserError if the file is damaged, is something else, or is from an older version.
    """
    with reading(path):
        at_random = ["train_pixels"] if shuffled else []
        arrays = npz.read(path, mapped=_is_pixels, shuffled=at_random.__contains__)
        if "train_pixels" in arrays and "preparation" not in arrays:
            raise DamagedError(
                f"{path} is from an older version of this workflow, without the names of files.",
                path,
            )
        splits = {
            name: _split(arrays, name)
            for name in ("train", "test", "validation")
            if name != "validation" or "validation_pixels" in arrays
        }
        preparation = json.loads(arrays["preparation"].item())
        if not isinstance(preparation, dict):
            raise ValueError("preparation is no JSON object")
        class_names = tuple(str(name) for name in arrays["class_names"])
        return Images(**splits, class_names=class_names, preparation=preparation)


def load_split(path: str | Path, name: str) -> Split:
    """Map one split of what `save` wrote, "train" or "test"; nothing else is read.

    Raises UserError if the file is damaged or is something else.
    """
    with reading(path):
        arrays = npz.read(path, lambda member: member.startswith(f"{name}_"), _is_pixels)
        return _split(arrays, name)


def _is_pixels(member: str) -> bool:
    return member.endswith("_pixels")


def _split(arrays: Mapping[str, np.ndarray], name: str) -> Split:
    prefix = f"{name}_column_"
    return Split(
        arrays[f"{name}_pixels"],
        arrays[f"{name}_labels"],
        FileNames.from_arrays(arrays, f"{name}_"),
        {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)},
    )
