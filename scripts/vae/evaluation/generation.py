"""How close generated images are to real ones, as metrics with units."""

import logging
import math
from typing import Any

import numpy as np

from vae.data.images import Images
from vae.data.pixels import to_uint8
from vae.evaluation import sample_quality as quality
from vae.evaluation.metrics import metric
from vae.latent import sampling
from vae.latent.mixture import Mixture
from vae.latent.onnx import BATCH, Classifier, Decoder, slices
from vae.services.errors import DivergedError
from vae.services.progress import Progress

logger = logging.getLogger(__name__)


def evaluate(
    data: Images,
    decoder: Decoder,
    mixture: Mixture,
    classifier: Classifier,
    seed: int,
    generated: int,
) -> dict[str, dict[str, Any]]:
    """Return the metrics of generated images, compared with test images by a classifier's features.

    Names are `classifier_<metric>_<what>`: of images decoded from draws from the `prior` and from
    the `mixture`; the `floor` is what as many training images have, so what a perfect model would.
    All are 8-bit, the generated ones means of p(x|z), in a conditional run of the test images'
    classes. On every side there are `generated` images, at random, or as many as the smaller of
    training and test set has.

    Raises UserError if a decoder's output is not finite, ValueError if `cannot_compare`.
    """
    count = _comparable(data, generated)
    rng = np.random.default_rng(seed)
    real, others = (split[rng.permutation(len(split))[:count]] for split in (data.test, data.train))
    prior = sampling.prior(count, decoder.latent_dim, seed)
    test = classifier(real.pixels)
    sides = {
        "prior": _features(classifier, decoder, prior, real.labels),
        "mixture": _features(classifier, decoder, mixture.draw(count, seed), real.labels),
        "floor": classifier(others.pixels),
    }
    values = {side: _compare(test, features) for side, features in sides.items()}
    for name in values["prior"]:
        row = [values[side][name][0] for side in sides]
        logger.info("classifier_%s: prior %.4g, mixture %.4g, floor %.4g", name, *row)
    results = {}
    for side in sides:
        for name, (value, *error) in values[side].items():
            full_name = f"classifier_{name}_{side}"
            results[full_name] = metric(full_name, value, count)
            results[full_name] |= dict(zip(["standard_error"], error, strict=False))
    return results


def cannot_compare(data: Images, labelled: bool, generated: int) -> str:
    """Explain why there are no metrics of generated images; empty if there are some."""
    if not labelled or len(data.class_names) < 2:
        return (
            "The metrics of generated images (classifier_*) need labels: they compare images by "
            "what a classifier sees in them, and these images have fewer than two classes."
        )
    if (count := _comparable(data, generated)) < quality.FEWEST:
        return (
            f"The metrics of generated images (classifier_*) need {quality.FEWEST} training and "
            f"{quality.FEWEST} test images at least; here are {count}."
        )
    return ""


def _comparable(data: Images, generated: int) -> int:
    return min(generated, len(data.train), len(data.test))


def _features(
    classifier: Classifier, decoder: Decoder, z: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Features and logits of the 8-bit images decoded from z [N, D], some at a time.

    labels: [N], of the classes that a conditional decoder is asked for.
    """
    size = BATCH // math.prod(decoder.image_shape)
    parts = []
    progress = Progress(logger)
    for part in slices(len(z), size):
        progress.info("generated images: %d of %d", part.start, len(z))
        images = decoder(z[part], labels[part])
        if not np.isfinite(images).all():
            raise DivergedError
        parts.append(classifier(to_uint8(images)))
    features, logits = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(logits)


def _compare(
    real: tuple[np.ndarray, np.ndarray], generated: tuple[np.ndarray, np.ndarray]
) -> dict[str, tuple[float, ...]]:
    """Metrics by name: their value, and their standard error if there is one.

    real, generated: features and logits of as many images.
    """
    (x, x_logits), (y, y_logits) = real, generated
    precision, recall = quality.precision_recall(x, y)
    density, coverage = quality.density_coverage(x, y)
    return {
        "frechet_distance": (quality.frechet_distance(x, y),),
        "kernel_distance": quality.kernel_distance(x, y),
        "precision": (precision,),
        "recall": (recall,),
        "density": (density,),
        "coverage": (coverage,),
        "classes_covered": (quality.classes_covered(x_logits.argmax(1), y_logits.argmax(1)),),
    }
