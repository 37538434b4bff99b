"""Codes of a dataset: where an encoder puts its images, in memory and as one npz file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae.data.file_names import FileNames
from vae.services import npz
from vae.services.errors import reading
from vae.services.files import atomic

# A latent dimension is active if the variance over images of its mean exceeds this
# (Burda et al. 2016, arXiv 1509.00519, section 5.2).
ACTIVE_UNIT_VARIANCE = 0.01


def random_rows(n: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Which of n images are drawn from: all, or so many of them at random, ascending."""
    return np.sort(rng.permutation(n)[:most])


def kl_divergence(z_mean: np.ndarray, z_log_var: np.ndarray) -> np.ndarray:
    """KL(q(z|x) || N(0, I)) of each image and latent dimension in nats, float64 [N, D].

    Kingma and Welling 2013 (arXiv 1312.6114), appendix B.
    """
    mean, log_var = z_mean.astype(float), z_log_var.astype(float)
    return 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)


@dataclass(frozen=True)
class Codes:
    """The codes of a training, test or validation set.

    z: without noise, float32 [N, D].
    kl: in nats, by group of z, float32 [N, G]: G is D where each dimension has its own.
    labels: int64 [N], an index into the class names, or -1 where there is none.
    files: names of the files that the images come from, [N].
    z_log_var: float32 [N, D], where q(z|x) is N(z, exp(z_log_var)); else None.
    """

    z: np.ndarray
    kl: np.ndarray
    labels: np.ndarray
    files: FileNames
    z_log_var: np.ndarray | None = None

    def __post_init__(self):
        numbers = [a for a in (self.z, self.kl, self.z_log_var) if a is not None]
        if {len(a) for a in (*numbers, self.labels, self.files)} != {len(self.z)}:
            raise ValueError("codes, KL, labels and file names are not equally many")
        if not all(a.ndim == 2 and a.dtype.kind == "f" and np.isfinite(a).all() for a in numbers):
            raise ValueError("some codes are not finite")
        if self.labels.dtype.kind not in "iu":
            raise ValueError(f"labels: {self.labels.dtype} is no integer")

    def __len__(self) -> int:
        return len(self.z)

    @property
    def information(self) -> "Information":
        """How much each latent dimension says about an image.

        By its KL, averaged over images, or by the variance of z where dimensions have no KL of
        their own.
        """
        if self.kl.shape[1] == self.z.shape[1]:
            return Information("KL", "nats", self.kl.mean(axis=0, dtype=float))
        return Information("variance", "z squared", self.z.var(axis=0, dtype=float))


class Information(NamedTuple):
    """How much each latent dimension says: values, float64 [D], with their name and unit."""

    name: str
    unit: str
    values: np.ndarray


@dataclass(frozen=True)
class Draws:
    """One draw from q(z|x) for some images of a split: z, float32 [M, D], and which, int64 [M]."""

    z: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class DatasetCodes:
    """The codes of the splits of a dataset, by name: train, test, maybe validation.

    draws: from q(z|x) of training images, where q is not normal; else None.
    """

    splits: Mapping[str, Codes]
    class_names: tuple[str, ...] = ()
    draws: Draws | None = None


def save(codes: DatasetCodes, path: str | Path) -> None:
    """Write codes to an npz file."""
    arrays = {"class_names": np.array(codes.class_names, dtype=np.str_)}
    for name, split in codes.splits.items():
        arrays |= {f"{name}_z": split.z, f"{name}_kl": split.kl, f"{name}_labels": split.labels}
        arrays |= split.files.arrays(f"{name}_")
        if split.z_log_var is not None:
            arrays[f"{name}_z_log_var"] = split.z_log_var
    if codes.draws:
        arrays |= {"draws_z": codes.draws.z, "draws_rows": codes.draws.rows}
    with atomic(path) as part:
        np.savez(part, **arrays)


def load(path: str | Path) -> DatasetCodes:
    """Read what `save` wrote.

    Raises UserError where the file is damaged or is something else.
    """
    with reading(path):
        arrays = npz.read(path)
        splits = {
            name: Codes(
                *(arrays[f"{name}_{key}"] for key in ("z", "kl", "labels")),
                FileNames.from_arrays(arrays, f"{name}_"),
                arrays.get(f"{name}_z_log_var"),
            )
            for name in ("train", "test", "validation")
            if name != "validation" or "validation_z" in arrays
        }
        has_draws = "draws_z" in arrays
        draws = Draws(arrays["draws_z"], arrays["draws_rows"]) if has_draws else None
        names = tuple(str(name) for name in arrays["class_names"])
        return DatasetCodes(splits, names, draws)
