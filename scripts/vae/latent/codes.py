"""Codes of the test set: what an encoder makes of images, in memory and as an npz file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae.services import npz
from vae.services.errors import reading
from vae.services.files import atomic

# A latent dimension is active if the variance over images of its mean exceeds this
# (Burda et al. 2016, arXiv 1509.00519, section 5.2).
ACTIVE_UNIT_VARIANCE = 0.01


def kl_divergence(z_mean: np.ndarray, z_log_var: np.ndarray) -> np.ndarray:
    """KL(q(z|x) || N(0, I)) of each image and latent dimension in nats, float64 [N, D].

    Kingma and Welling 2013 (arXiv 1312.6114), appendix B.
    """
    mean, log_var = z_mean.astype(float), z_log_var.astype(float)
    return 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)


@dataclass(frozen=True)
class Latents:
    """What an encoder makes of the test set.

    z_mean, z_log_var: float32 [N, D].
    labels: int64 [N], an index into the class names, or -1 where there is none.
    """

    z_mean: np.ndarray
    z_log_var: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...] = ()

    def __post_init__(self):
        shapes = self.z_mean.shape, self.z_log_var.shape, self.labels.shape
        if self.z_mean.ndim != 2 or shapes != (shapes[0], shapes[0], shapes[0][:1]):
            raise ValueError(f"means, variances and labels do not fit: {shapes}")
        values = (self.z_mean, self.z_log_var)
        if not all(a.dtype.kind == "f" and np.isfinite(a).all() for a in values):
            raise ValueError("some codes are not finite")
        if self.labels.dtype.kind not in "iu":
            raise ValueError(f"labels: {self.labels.dtype} is no integer")

    @property
    def kl(self) -> np.ndarray:
        """KL of each latent dimension in nats, averaged over images: float64 [D]."""
        return kl_divergence(self.z_mean, self.z_log_var).mean(axis=0)


def save(latents: Latents, path: str | Path) -> None:
    """Write `latents` to an npz file."""
    with atomic(path) as part:
        np.savez(
            part,
            z_mean=latents.z_mean,
            z_log_var=latents.z_log_var,
            labels=latents.labels,
            class_names=np.array(latents.class_names, dtype=np.str_),
        )


def load(path: str | Path) -> Latents:
    """Read what `save` wrote.

    Raises UserError where the file is damaged or is something else.
    """
    with reading(path):
        arrays = npz.read(path)
        names = tuple(str(name) for name in arrays["class_names"])
        return Latents(arrays["z_mean"], arrays["z_log_var"], arrays["labels"], names)
