"""The images of a dataset: pixels, labels and class names, in memory and as one npz file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.vae.files import atomic
from scripts.vae.jobs import damaged


@dataclass(frozen=True)
class Split:
    """Images of a training or a test set.

    pixels: uint8 [N, H, W, C], C = 1 (gray) or 3 (RGB).
    labels: int64 [N], an index into the class names, or -1 where there is none.
    """

    pixels: np.ndarray
    labels: np.ndarray

    def __post_init__(self):
        if self.pixels.ndim != 4 or self.pixels.dtype != np.uint8:
            raise ValueError(
                f"pixels: expected uint8 [N, H, W, C], got {self.pixels.dtype} {self.pixels.shape}"
            )
        if self.labels.shape != self.pixels.shape[:1]:
            raise ValueError(f"labels: {self.labels.shape} for {len(self.pixels)} images")

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True)
class Images:
    """A dataset: what it is trained on, what it is tested on, and the names of its classes."""

    train: Split
    test: Split
    class_names: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        return self.train.pixels.shape[1:]


def save(images: Images, path: str | Path) -> None:
    """Write `images` to an npz file, uncompressed: it loads in a sixth of the time."""
    with atomic(path) as part:
        np.savez(
            part,
            train_pixels=images.train.pixels,
            train_labels=images.train.labels,
            test_pixels=images.test.pixels,
            test_labels=images.test.labels,
            class_names=np.array(images.class_names, dtype=np.str_),
        )


def load(path: str | Path) -> Images:
    """Read what `save` wrote.

    Raises UserError where the file is damaged or is something else.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as npz:
            return Images(
                Split(npz["train_pixels"], npz["train_labels"]),
                Split(npz["test_pixels"], npz["test_labels"]),
                tuple(str(name) for name in npz["class_names"]),
            )
    except FileNotFoundError:
        raise
    except Exception as error:
        raise damaged(path, error) from error
