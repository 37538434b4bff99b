"""Fitting a Gaussian mixture to the codes of training images."""

import logging
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from vae.data import images
from vae.latent import mixture
from vae.latent.onnx import Encoder
from vae.services.errors import DivergedError

COMPONENTS = 10
# A component has D + 1 numbers per dimension; rather fewer components than ones that fit noise.
CODES_PER_NUMBER = 10
MOST = 10_000  # codes

logger = logging.getLogger(__name__)


def fit_to_images(
    path_to_images: str, path_to_encoder: str, path_to_mixture: str, seed: int, threads: int
) -> None:
    """Fit to one draw from q(z|x) of each training image, of MOST at random if there are more."""
    train = images.load(path_to_images).train
    rng = np.random.default_rng(seed)
    sample = train[np.sort(rng.permutation(len(train))[:MOST])]
    z_mean, z_log_var = Encoder(path_to_encoder, threads)(sample.pixels, sample.labels)
    noise = rng.standard_normal(z_mean.shape, dtype=np.float32)
    fitted = fit(z_mean + np.exp(z_log_var / 2) * noise, seed)
    mixture.save(fitted, path_to_mixture)
    logger.info("%d components fitted to %d codes", len(fitted.weights), len(sample))


def fit(codes: np.ndarray, seed: int = 0) -> mixture.Mixture:
    """Fit to codes [N, D] by expectation maximisation from k-means, with full covariances.

    Ten components; fewer, but one at least, where there are less than 10 (D + 1) codes for each.

    Raises UserError if a code is not finite.
    """
    if not np.isfinite(codes).all():
        raise DivergedError("The encoder's output")
    n, latent_dim = codes.shape
    components = max(1, min(COMPONENTS, n // (CODES_PER_NUMBER * (latent_dim + 1))))
    model = GaussianMixture(components, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture it is all the same
        model.fit(np.resize(codes.astype(float), (max(n, 2), latent_dim)))  # it wants two at least
    return mixture.Mixture(model.weights_, model.means_, model.covariances_)
