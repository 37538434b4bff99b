"""A Gaussian mixture of the codes of training images: where in latent space to draw from.

The codes of a trained VAE do not fill its prior; a decoder knows nothing of the gaps. Drawing from
a mixture that is fitted afterwards spares them (Ghosh et al. 2020, arXiv 1903.12436).
"""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae.data import images
from vae.latent.onnx import Encoder
from vae.services import npz
from vae.services.errors import DivergedError, reading
from vae.services.files import atomic

COMPONENTS = 10
# A component has D + 1 numbers a dimension; fewer components rather than ones that fit noise.
CODES_A_NUMBER = 10
MOST = 10_000  # codes

logger = logging.getLogger(__name__)


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


def fit_to_images(
    path_to_images: str, path_to_encoder: str, output_path: str, seed: int, threads: int
) -> None:
    """Fit to one draw from q(z|x) of each training image, of MOST at random if there are more."""
    train = images.load(path_to_images).train
    rng = np.random.default_rng(seed)
    sample = train[np.sort(rng.permutation(len(train))[:MOST])]
    z_mean, z_log_var = Encoder(path_to_encoder, threads)(sample.pixels, sample.labels)
    noise = rng.standard_normal(z_mean.shape, dtype=np.float32)
    mixture = fit(z_mean + np.exp(z_log_var / 2) * noise, seed)
    save(mixture, output_path)
    logger.info("%d components fitted to %d codes", len(mixture.weights), len(sample))


def fit(codes: np.ndarray, seed: int = 0) -> Mixture:
    """Fit to codes [N, D] by expectation maximisation from k-means, with full covariances.

    Ten components; fewer, but one at least, where there are less than 10 (D + 1) codes for each.

    Raises UserError if a code is not finite.
    """
    # Half a second to import, which drawing spares.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    if not np.isfinite(codes).all():
        raise DivergedError("The encoder's output")
    n, latent_dim = codes.shape
    components = max(1, min(COMPONENTS, n // (CODES_A_NUMBER * (latent_dim + 1))))
    model = GaussianMixture(components, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture it is all the same
        model.fit(np.resize(codes.astype(float), (max(n, 2), latent_dim)))  # it wants two at least
    return Mixture(model.weights_, model.means_, model.covariances_)


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
