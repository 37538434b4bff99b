"""Fitting a Gaussian mixture to the codes of training images."""

import logging
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from vae.latent import codes, mixture
from vae.latent.codes import DatasetCodes, random_rows
from vae.services.errors import DivergedError

COMPONENTS = 10
# A component has D + 1 numbers per dimension; rather fewer components than ones that fit noise.
CODES_PER_NUMBER = 10

logger = logging.getLogger(__name__)


def fit_to_codes(path_to_codes: str, path_to_mixture: str, seed: int) -> None:
    """Fit to one draw from q(z|x) of each training image, of MOST at random if there are more."""
    dataset = codes.load(path_to_codes)
    z = drawn(dataset, seed)
    fitted = fit(z, seed)
    mixture.save(fitted, path_to_mixture)
    logger.info("%d components fitted to %d codes", len(fitted.weights), len(z))


def drawn(dataset: DatasetCodes, seed: int) -> np.ndarray:
    """One draw from q(z|x) of each training image, or of MOST at random: float32 [N, D]."""
    if dataset.draws:
        return dataset.draws.z
    train = dataset.splits["train"]
    rng = np.random.default_rng(seed)
    rows = random_rows(len(train), rng)
    noise = rng.standard_normal((len(rows), train.z.shape[1]), dtype=np.float32)
    return train.z[rows] + np.exp(train.z_log_var[rows] / 2) * noise


def fit(z: np.ndarray, seed: int = 0) -> mixture.Mixture:
    """Fit to codes z [N, D] by expectation maximisation from k-means, with full covariances.

    Ten components; fewer, but one at least, where there are less than 10 (D + 1) codes for each.

    Raises UserError if a code is not finite.
    """
    if not np.isfinite(z).all():
        raise DivergedError("The encoder's output")
    n, latent_dim = z.shape
    components = max(1, min(COMPONENTS, n // (CODES_PER_NUMBER * (latent_dim + 1))))
    model = GaussianMixture(components, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture it is all the same
        model.fit(np.resize(z.astype(float), (max(n, 2), latent_dim)))  # it wants two at least
    return mixture.Mixture(model.weights_, model.means_, model.covariances_)
