"""The images of a dataset: pixels, labels and class names, in memory and as one npz file."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vae.services import npz
from vae.services.errors import UserError, reading
from vae.services.files import atomic


@dataclass(frozen=True)
class Split:
    """Images of a training or a test set.

    pixels: uint8 [N, H, W, C], C = 1 (gray) or 3 (RGB).
    labels: int64 [N], an index into the class names, or -1 if there is none.
    """

    pixels: np.ndarray
    labels: np.ndarray

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

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, indices: np.ndarray) -> "Split":
        return Split(self.pixels[indices], self.labels[indices])


@dataclass(frozen=True)
class Images:
    """A dataset: a training and a test set, and the names of its classes.

    validation: images taken from the training set to choose a run by; None if there are none.
    """

    train: Split
    test: Split
    class_names: tuple[str, ...] = ()
    validation: Split | None = None

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
    """Write `images` to an npz file, uncompressed: it loads in a sixth of the time."""
    splits = {"train": images.train, "test": images.test}
    if images.validation:
        splits["validation"] = images.validation
    arrays = {f"{name}_pixels": split.pixels for name, split in splits.items()}
    arrays |= {f"{name}_labels": split.labels for name, split in splits.items()}
    with atomic(path) as part:
        np.savez(part, **arrays, class_names=np.array(images.class_names, dtype=np.str_))


def load(path: str | Path) -> Images:
    """Read what `save` wrote.

    Raises UserError if the file is damaged or is something else.
    """
    with reading(path):
        arrays = npz.read(path)
        splits = {
            name: Split(arrays[f"{name}_pixels"], arrays[f"{name}_labels"])
            for name in ("train", "test", "validation")
            if name != "validation" or "validation_pixels" in arrays
        }
        return Images(**splits, class_names=tuple(str(name) for name in arrays["class_names"]))
