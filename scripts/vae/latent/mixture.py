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

LARGEST = 1e15  # of any value, so that draws fit into float32


@dataclass(frozen=True)
class Mixture:
    """K normal distributions of D dimensions, each a linear map of independent noise.

    weights: [K]; means: [K, D].
    factors: [K, D, F], of which each times its transpose is a covariance; F is D without residuals.
    residuals: standard deviations [K, D] of what each dimension has besides, or None. So a
    distribution of very many dimensions needs no covariance of D x D.
    """

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray
    residuals: np.ndarray | None = None

    def __post_init__(self):
        k, d = self.means.shape
        shapes = {"weights": (k,), "factors": (k, d, d)}
        if self.residuals is not None:
            *_, f = self.factors.shape
            shapes |= {"factors": (k, d, f), "residuals": (k, d)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} {getattr(self, name).shape} for means {(k, d)}")
        for values in self.arrays().values():
            if values.dtype.kind != "f" or not float(np.abs(values).max()) < LARGEST:
                raise ValueError("some values are not finite, or too large")
        if self.weights.min() < 0 or abs(self.weights.sum() - 1) > 1e-6:
            raise ValueError("the weights are no probabilities")

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that it has, by name."""
        return {name: values for name, values in vars(self).items() if values is not None}

    @property
    def latent_dim(self) -> int:
        """The number of dimensions, D."""
        return self.means.shape[1]

    def draw(self, n: int, seed: int = 0) -> np.ndarray:
        """Independent draws, in random order: float32 [n, D]."""
        rng = np.random.default_rng(seed)
        component = rng.choice(len(self.weights), n, p=self.weights / self.weights.sum())
        noise = rng.standard_normal((n, self.factors.shape[2]))
        z = np.empty((n, self.latent_dim))
        for k, factor in enumerate(self.factors):
            mine = component == k
            z[mine] = self.means[k] + noise[mine] @ factor.T
        if self.residuals is not None:
            z += self.residuals[component] * rng.standard_normal(z.shape)
        return z.astype(np.float32)


def save(mixture: Mixture, path: str | Path) -> None:
    """Write a mixture to an npz file."""
    with atomic(path) as part:
        np.savez(part, **mixture.arrays())


def load(path: str | Path) -> Mixture:
    """Read what `save` wrote.

    Raises UserError where the file is damaged or is something else.
    """
    with reading(path):
        arrays = npz.read(path)
        names = ("weights", "means", "factors")
        return Mixture(*(arrays[name] for name in names), arrays.get("residuals"))
