"""Evaluation on the test set: likelihood bounds, active units, reconstruction."""

import logging
import math
from typing import Any

import numpy as np

from vae import likelihoods
from vae.data.images import Images
from vae.evaluation import bounds, reconstruction
from vae.evaluation.bounds import Encoded
from vae.evaluation.metrics import mean, metric
from vae.latent.codes import ACTIVE_UNIT_VARIANCE
from vae.latent.onnx import Decoder, Encoder
from vae.services.errors import DivergedError, UserError

logger = logging.getLogger(__name__)


def evaluate(
    data: Images,
    encoder: Encoder,
    decoder: Decoder,
    likelihood: str,
    seed: int,
    draws: int,
    samples: int,
    images: int,
) -> dict[str, dict[str, Any]]:
    """Every metric of a run by name: value, unit, and the number of test images it is a mean of.

    likelihood: name of a module of `vae.likelihoods`.
    draws: z an image for the reconstruction term, at least 2; of all test images.
    samples, images: z an image for the importance-weighted NLL, of the first test images, which
        are also those of the exact NLL.

    A mean also has its `standard_error`: how far from it another test set would lie. `elbo` and
    `reconstruction` have a `sampling_error` as well: how far other draws would.

    Raises UserError if there are no test images, or a network's output is not finite.
    """
    if not len(data.test):
        raise UserError("The dataset has no test images, so there is nothing to evaluate on.")
    log_prob = likelihoods.get(likelihood).log_likelihood
    test = Encoded(data.test.pixels, *encoder(data.test.pixels, data.test.labels), data.test.labels)
    metrics = _elbo(test, bounds.log_likelihood(test, decoder, log_prob, draws, seed))
    metrics["kl_per_dimension"] = metric(
        "kl_per_dimension", test.kl.mean(axis=0).tolist(), len(test)
    )
    metrics["active_units"] = metric("active_units", active_units(test.z_mean), len(test))

    first = test[:images]
    nll = bounds.importance_weighted_nll(first, decoder, log_prob, samples, seed)
    metrics["nll_importance_weighted"] = mean("nll_importance_weighted", nll)
    if decoder.latent_dim <= 2 and not decoder.classes:
        metrics["nll_exact"] = mean("nll_exact", bounds.exact_nll(first.pixels, decoder, log_prob))
    if log_mass := likelihoods.get(likelihood).log_mass:
        bits = bits_per_dimension(test, decoder, log_mass, draws, seed)
        metrics["bits_per_dimension"] = mean("bits_per_dimension", bits)

    pca = reconstruction.PCA(data.train.pixels, decoder.latent_dim, seed)
    for prefix, reconstruct in {
        "": lambda part: decoder(test.z_mean[part], test.labels[part]),
        "pca_": lambda part: pca(test.pixels[part]),
    }.items():
        errors = reconstruction.errors(test.pixels, reconstruct)
        metrics |= {prefix + key: mean(prefix + key, errors[key]) for key in errors}
    for name, result in metrics.items():
        if "standard_error" in result:
            value, error, unit = (result[key] for key in ("value", "standard_error", "unit"))
            logger.info("%s: %.5g ± %.2g %s", name, value, error, unit)
    return metrics


def active_units(z_mean: np.ndarray, threshold: float = ACTIVE_UNIT_VARIANCE) -> int:
    """Count the latent dimensions of z_mean [N, D] whose variance over images is above a threshold.

    Burda et al. 2016 (arXiv 1509.00519), section 5.2.
    """
    return int((z_mean.var(axis=0, dtype=float) > threshold).sum())


def bits_per_dimension(
    encoded: Encoded, decoder: Decoder, log_mass: bounds.LogProb, draws: int, seed: int
) -> np.ndarray:
    """-ELBO of the 8-bit pixels in bits a pixel and channel, float64 [N].

    log_mass: of the likelihood, a probability; hence comparable with other models of 8-bit images
    (Theis et al. 2016, arXiv 1511.01844). A lossless code of the images takes as much, with bits
    back (Townsend et al. 2019, arXiv 1901.04866).
    """
    log_p = bounds.log_likelihood(encoded, decoder, log_mass, draws, seed).mean(axis=1)
    return (encoded.kl.sum(axis=1) - log_p) / (math.log(2) * math.prod(decoder.image_shape))


def _elbo(test: Encoded, log_p: np.ndarray) -> dict[str, dict[str, Any]]:
    """ELBO = -(reconstruction + KL), whatever weight the training gave the KL."""
    error, kl = -log_p.mean(axis=1), test.kl.sum(axis=1)
    if not np.isfinite(error + kl).all():
        raise DivergedError
    draws = log_p.shape[1]
    noise = {"sampling_error": math.sqrt(log_p.var(axis=1).mean() / (draws - 1) / len(log_p))}
    return {
        "elbo": mean("elbo", -error - kl) | noise,
        "reconstruction": mean("reconstruction", error) | noise,
        "kl": mean("kl", kl),
    }
