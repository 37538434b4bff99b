"""Evaluation on the test set: likelihood bounds, active units, reconstruction."""

import logging
import math
from typing import Any, NamedTuple

import numpy as np

from vae import likelihoods
from vae.data.images import Images
from vae.evaluation import bounds, reconstruction
from vae.evaluation.metrics import METRICS, mean, metric
from vae.evaluation.pca import PCA
from vae.latent.codes import ACTIVE_UNIT_VARIANCE, random_rows
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior
from vae.services.errors import DivergedError, UserError

logger = logging.getLogger(__name__)

# Values of an image, up to which the exact NLL is computed: it decodes 160,801 images, which at 64
# x 64 pixels in colour takes a quarter of an hour, and at 92 x 92 an hour.
MOST_VALUES = 4096


class Evaluation(NamedTuple):
    """The metrics of a run by name, as metrics.json has them, and what some are means of.

    of_images: by name of the metric, a value for each test image, float64 [N].
    """

    metrics: dict[str, dict[str, Any]]
    of_images: dict[str, np.ndarray]


def evaluate(
    data: Images,
    posterior: ApproximatePosterior,
    decoder: Decoder,
    likelihood: str,
    seed: int,
    draws: int,
    samples: int,
    images: int,
    binary: bool = False,
) -> Evaluation:
    """Every metric of a run by name: value, unit, and the number of test images it is a mean of.

    likelihood: name of a module of `vae.likelihoods`.
    draws: z an image for the reconstruction term, at least 2; of all test images.
    samples, images: z an image for the importance-weighted NLL, and how many test images it and the
        exact NLL are estimated from: drawn at random, the same for every run.
    binary: whether the images are black and white. Bits per dimension are of a likelihood that
        states the probability of such images, or of those of 256 levels.

    A mean also has its `standard_error`: how far from it another test set would lie. `elbo` and
    `reconstruction` have a `sampling_error` as well: how far other draws would. An NLL that is
    estimated from some of the images has a `correction`, see `nll_of_all`.

    Raises UserError if there are no test images, or a network's output is not finite.
    """
    if not len(data.test):
        raise UserError("The dataset has no test images, so there is nothing to evaluate on.")
    module = likelihoods.get(likelihood)
    log_prob, log_mass = module.log_likelihood, module.log_mass
    test = posterior(data.test)
    terms = bounds.terms(test, decoder, log_prob, draws, seed)
    of_images = elbo_of_images(terms)
    metrics = _elbo(terms, of_images)
    of_groups = terms.kl.mean(axis=1).mean(axis=0)
    name = "kl_per_dimension" if len(of_groups) == decoder.latent_size else "kl_per_group"
    metrics[name] = metric(name, of_groups.tolist(), len(test))
    metrics["active_units"] = metric("active_units", active_units(test.centre), len(test))

    rows = random_rows(len(test), images, np.random.default_rng(0))
    drawn = test[rows] if images < len(test) else test
    weighted = bounds.importance_weighted_nll(drawn, decoder, log_prob, samples, seed)
    nll = {"nll_importance_weighted": weighted}
    quick = getattr(module, "EXACT_NLL", True) and math.prod(decoder.image_shape) <= MOST_VALUES
    if decoder.latent_size <= 2 and not decoder.classes and quick:
        nll["nll_exact"] = bounds.exact_nll(drawn.pixels, decoder, log_prob)
    metrics |= {name: nll_of_all(name, part, terms.elbo, rows) for name, part in nll.items()}
    if log_mass and binary == getattr(module, "BINARY", False):
        same = log_mass is log_prob
        of_mass = terms if same else bounds.terms(test, decoder, log_mass, draws, seed)
        bits = bits_per_dimension(of_mass.elbo, decoder.image_shape)
        metrics["bits_per_dimension"] = mean("bits_per_dimension", bits)

    pca = PCA(data.train.pixels, decoder.latent_size, seed)
    for prefix, reconstruct in {
        "": lambda part: decoder(test.z[part], test.labels[part]),
        "pca_": lambda part: pca(test.pixels[part]),
    }.items():
        errors = reconstruction.errors(test.pixels, reconstruct)
        names = {key: prefix + key for key in errors if prefix + key in METRICS}
        metrics |= {name: mean(name, errors[key]) for key, name in names.items()}
        of_images |= {} if prefix else errors
    for name, result in metrics.items():
        if "standard_error" in result:
            value, error, unit = (result[key] for key in ("value", "standard_error", "unit"))
            logger.info("%s: %.5g ± %.2g %s", name, value, error, unit)
    return Evaluation(metrics, of_images)


def active_units(centre: np.ndarray, threshold: float = ACTIVE_UNIT_VARIANCE) -> int:
    """Count the latent dimensions whose centre [N, D] varies over images by more than a threshold.

    Burda et al. 2016 (arXiv 1509.00519), section 5.2.
    """
    return int((centre.var(axis=0, dtype=float) > threshold).sum())


def bits_per_dimension(elbo: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """-ELBO [N] in bits a pixel and channel, float64 [N].

    elbo: of a probability of the pixels' levels, no density; hence comparable with other models of
    the same images (Theis et al. 2016, arXiv 1511.01844). A lossless code of the images takes as
    much, with bits back (Townsend et al. 2019, arXiv 1901.04866).
    """
    return -elbo / (math.log(2) * math.prod(image_shape))


def nll_of_all(name: str, nll: np.ndarray, elbo: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
    """The mean NLL of all N images, estimated from nll [n] of those in `rows` [n] and elbo [N].

    `correction` is what it adds to the mean of nll: the mean -ELBO of all images less that of the
    n. With this control variate (Lavenberg and Welch 1981, doi 10.1287/mnsc.27.3.322) it matters
    little which images were drawn: only the gap between -ELBO and NLL varies with them.
    """
    others = np.delete(elbo, rows)
    if not len(others):
        return mean(name, nll)
    share = len(others) / len(elbo)
    parts = [mean(name, nll + share * elbo[rows]), mean(name, -share * others)]
    value = sum(part["value"] for part in parts)
    return metric(name, value, len(nll)) | {
        "standard_error": math.hypot(*(part["standard_error"] for part in parts)),
        "correction": value - float(nll.mean()),
    }


def elbo_of_images(terms: bounds.Terms) -> dict[str, np.ndarray]:
    """ELBO = -(reconstruction + KL) of each image, and the two, by name: float64 [N].

    Whatever weight the training gave the KL. Raises UserError if an ELBO is not finite.
    """
    if not np.isfinite(terms.elbo).all():
        raise DivergedError
    return {
        "elbo": terms.elbo,
        "reconstruction": -terms.log_p.mean(axis=1),
        "kl": terms.kl.sum(axis=2).mean(axis=1),
    }


def _elbo(terms: bounds.Terms, of_images: dict[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    log_p, kl = terms.log_p, terms.kl.sum(axis=2)
    metrics = {name: mean(name, values) for name, values in of_images.items()}
    metrics["elbo"] |= _sampling_error(log_p - kl)
    metrics["reconstruction"] |= _sampling_error(log_p)
    return metrics


def _sampling_error(values: np.ndarray) -> dict[str, float]:
    """How far the mean over images and draws, [N, S], would lie with other draws."""
    n, draws = values.shape
    return {"sampling_error": math.sqrt(values.var(axis=1).mean() / (draws - 1) / n)}
