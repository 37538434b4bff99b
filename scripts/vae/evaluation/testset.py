"""Evaluation on the test set: likelihood bounds, active units, reconstruction."""

import logging
import math
from typing import Any

import numpy as np

from vae import likelihoods
from vae.data.images import Images
from vae.evaluation import bounds, reconstruction
from vae.evaluation.metrics import METRICS, mean, metric
from vae.latent.codes import ACTIVE_UNIT_VARIANCE
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior, Gaussian, Sampled
from vae.services.errors import DivergedError, UserError

logger = logging.getLogger(__name__)


def evaluate(
    data: Images,
    posterior: ApproximatePosterior,
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
    test = posterior(data.test)
    terms = bounds.terms(test, decoder, log_prob, draws, seed)
    metrics = _elbo(terms)
    of_groups = terms.kl.mean(axis=1).mean(axis=0)
    name = "kl_per_dimension" if len(of_groups) == decoder.latent_size else "kl_per_group"
    metrics[name] = metric(name, of_groups.tolist(), len(test))
    metrics["active_units"] = metric("active_units", active_units(test.centre), len(test))

    first = test[:images]
    nll = bounds.importance_weighted_nll(first, decoder, log_prob, samples, seed)
    metrics["nll_importance_weighted"] = mean("nll_importance_weighted", nll)
    if decoder.latent_size <= 2 and not decoder.classes:
        metrics["nll_exact"] = mean("nll_exact", bounds.exact_nll(first.pixels, decoder, log_prob))
    if log_mass := likelihoods.get(likelihood).log_mass:
        bits = bits_per_dimension(test, decoder, log_mass, draws, seed)
        metrics["bits_per_dimension"] = mean("bits_per_dimension", bits)

    pca = reconstruction.PCA(data.train.pixels, decoder.latent_size, seed)
    for prefix, reconstruct in {
        "": lambda part: decoder(test.z[part], test.labels[part]),
        "pca_": lambda part: pca(test.pixels[part]),
    }.items():
        errors = reconstruction.errors(test.pixels, reconstruct)
        names = {key: prefix + key for key in errors if prefix + key in METRICS}
        metrics |= {name: mean(name, errors[key]) for key, name in names.items()}
    for name, result in metrics.items():
        if "standard_error" in result:
            value, error, unit = (result[key] for key in ("value", "standard_error", "unit"))
            logger.info("%s: %.5g ± %.2g %s", name, value, error, unit)
    return metrics


def active_units(centre: np.ndarray, threshold: float = ACTIVE_UNIT_VARIANCE) -> int:
    """Count the latent dimensions whose centre [N, D] varies over images by more than a threshold.

    Burda et al. 2016 (arXiv 1509.00519), section 5.2.
    """
    return int((centre.var(axis=0, dtype=float) > threshold).sum())


def bits_per_dimension(
    test: Gaussian | Sampled, decoder: Decoder, log_mass: bounds.LogProb, draws: int, seed: int
) -> np.ndarray:
    """-ELBO of the 8-bit pixels in bits a pixel and channel, float64 [N].

    log_mass: of the likelihood, a probability; hence comparable with other models of 8-bit images
    (Theis et al. 2016, arXiv 1511.01844). A lossless code of the images takes as much, with bits
    back (Townsend et al. 2019, arXiv 1901.04866).
    """
    log_p, kl = bounds.terms(test, decoder, log_mass, draws, seed)
    elbo = log_p.mean(axis=1) - kl.sum(axis=2).mean(axis=1)
    return -elbo / (math.log(2) * math.prod(decoder.image_shape))


def _elbo(terms: bounds.Terms) -> dict[str, dict[str, Any]]:
    """ELBO = -(reconstruction + KL), whatever weight the training gave the KL."""
    log_p, kl = terms.log_p, terms.kl.sum(axis=2)
    error, mean_kl = -log_p.mean(axis=1), kl.mean(axis=1)
    if not np.isfinite(error + mean_kl).all():
        raise DivergedError
    return {
        "elbo": mean("elbo", -error - mean_kl) | _sampling_error(log_p - kl),
        "reconstruction": mean("reconstruction", error) | _sampling_error(log_p),
        "kl": mean("kl", mean_kl),
    }


def _sampling_error(values: np.ndarray) -> dict[str, float]:
    """How far the mean over images and draws, [N, S], would lie with other draws."""
    n, draws = values.shape
    return {"sampling_error": math.sqrt(values.var(axis=1).mean() / (draws - 1) / n)}
