"""Fitting a Gaussian mixture to the codes of training images."""

import logging
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from vae.latent import codes, mixture
from vae.latent.codes import DatasetCodes, random_rows
from vae.latent.mixture import Mixture
from vae.latent.principal_components import principal_components
from vae.services.errors import DivergedError
from vae.services.words import counted

MOST = 20_000  # codes that are fitted
COMPONENTS = 10
# A component has D + 1 numbers per dimension; rather fewer components than ones that fit noise.
CODES_PER_NUMBER = 10
FULL = 512  # dimensions, up to which covariances are full: 25 to 95 s of CPU time at most
FACTORS = 256  # of more dimensions

logger = logging.getLogger(__name__)


def fit_to_codes(path_to_codes: str, path_to_mixture: str, seed: int) -> None:
    """Fit to one draw from q(z|x) of each training image, of some of them if there are many."""
    dataset = codes.load(path_to_codes)
    z = drawn(dataset, seed)
    fitted = fit(z, seed)
    mixture.save(fitted, path_to_mixture)
    logger.info("%s fitted to %d codes", counted(len(fitted.weights), "component"), len(z))


def drawn(dataset: DatasetCodes, seed: int) -> np.ndarray:
    """One draw from q(z|x) of each training image, or of MOST at random: float32 [N, D].

    Those that the codes contain, where q is not normal.
    """
    if dataset.draws:
        return dataset.draws.z
    train = dataset.splits["train"]
    rng = np.random.default_rng(seed)
    rows = random_rows(len(train), MOST, rng)
    noise = rng.standard_normal((len(rows), train.z.shape[1]), dtype=np.float32)
    return train.z[rows] + np.exp(train.z_log_var[rows] / 2) * noise


def fit(z: np.ndarray, seed: int = 0) -> Mixture:
    """Fit to codes z [N, D].

    Up to 512 dimensions by expectation maximisation from k-means, with full covariances: ten
    components; fewer, but one at least, where there are less than 10 (D + 1) codes for each.

    Of more dimensions, one Gaussian: the codes' variance along their first 256 principal
    components, and what remains of the variance of each dimension, independent of the others.

    Raises UserError if a code is not finite.
    """
    if not np.isfinite(z).all():
        raise DivergedError("The encoder's output")
    return _full(z, seed) if z.shape[1] <= FULL else _factored(z)


def _full(z: np.ndarray, seed: int) -> Mixture:
    n, latent_dim = z.shape
    components = max(1, min(COMPONENTS, n // (CODES_PER_NUMBER * (latent_dim + 1))))
    model = GaussianMixture(components, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture it is all the same
        model.fit(np.resize(z.astype(float), (max(n, 2), latent_dim)))  # it wants two at least
    return Mixture(model.weights_, model.means_, np.linalg.cholesky(model.covariances_))


def _factored(z: np.ndarray) -> Mixture:
    components = principal_components(z, FACTORS)
    factors = components.axes.T * components.deviations
    residual_variances = z.var(axis=0) - np.square(factors).sum(axis=1)
    residuals = np.sqrt(np.maximum(residual_variances, 0))
    return Mixture(np.ones(1), components.mean[None], factors[None], residuals[None])
