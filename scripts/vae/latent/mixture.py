"""A Gaussian mixture of the codes of training images: where in latent space to draw from.

The codes of a trained VAE do not fill its prior; a decoder knows nothing of the gaps. Drawing from
a mixture that is fitted afterwards spares them (Ghosh et al. 2020, arXiv 1903.12436).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae.services import npz
from vae.services.errors import reading
from vae.services.files import atomic


@dataclass(frozen=True)
class Mixture:
    """Weights [K], means [K, D] and covariances [K, D, D] of normal distributions, float64."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def __post_init__(self):
        k, d = self.means.shape
        if (self.weights.shape, self.covariances.shape) != ((k,), (k, d, d)):
            raise ValueError(
                f"{self.weights.shape} weights and {self.covariances.shape} covariances "
                f"for means {self.means.shape}"
            )
        values = (self.weights, self.means, self.covariances)
        if not all(a.dtype.kind == "f" and np.isfinite(a).all() for a in values):
            raise ValueError("some values are not finite")
        if self.weights.min() < 0 or abs(self.weights.sum() - 1) > 1e-6:
            raise ValueError("the weights are no probabilities")
        np.linalg.cholesky(self.covariances)  # raises where one is none

    @property
    def latent_dim(self) -> int:
        """The number of dimensions, D."""
        return self.means.shape[1]

    def draw(self, n: int, seed: int = 0) -> np.ndarray:
        """Independent draws, in random order: float32 [n, D]."""
        rng = np.random.default_rng(seed)
        component = rng.choice(len(self.weights), n, p=self.weights / self.weights.sum())
        z = rng.standard_normal((n, self.latent_dim))
        for k, factor in enumerate(np.linalg.cholesky(self.covariances)):
            mine = component == k
            z[mine] = self.means[k] + z[mine] @ factor.T
        return z.astype(np.float32)


def save(mixture: Mixture, path: str | Path) -> None:
    """Write a mixture to an npz file."""
    with atomic(path) as part:
        np.savez(
            part,
            weights=mixture.weights,
            means=mixture.means,
            covariances=mixture.covariances,
        )


def load(path: str | Path) -> Mixture:
    """Read what `save` wrote.

    Raises UserError where the file is damaged or is something else.
    """
    with reading(path):
        arrays = npz.read(path)
        return Mixture(arrays["weights"], arrays["means"], arrays["covariances"])
