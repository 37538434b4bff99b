"""How close generated images are to real ones, as metrics with units, by where they come from."""

import logging
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from vae.data import binarization
from vae.data.images import Images, Split
from vae.data.pixels import to_uint8
from vae.evaluation import sample_quality as quality
from vae.evaluation.sample_metrics import FLOOR, metric
from vae.latent import sampling, second_stage
from vae.latent.mixture import Mixture
from vae.latent.onnx import BATCH, Classifier, Decoder, Encoder, Velocity, slices
from vae.services.errors import DivergedError
from vae.services.progress import Progress

logger = logging.getLogger(__name__)


class SecondStage(NamedTuple):
    """A second stage, and how codes are drawn from it."""

    velocity: Velocity
    guidance: float
    steps: int


class Run(NamedTuple):
    """A trained run; binary: whether it was trained on black and white images."""

    encoder: Encoder
    decoder: Decoder
    mixture: Mixture
    seed: int
    binary: bool
    second_stage: SecondStage | None = None


Codes = tuple[np.ndarray, np.ndarray]


def _prior(run: Run, test: Split, train: Split, temperature: float = 1.0) -> Codes:
    z = sampling.prior(len(test), run.decoder.latent_dim, run.seed)
    return _with_detail(run, z, temperature), test.labels


def _tempered(run: Run, test: Split, train: Split) -> Codes | None:
    has_detail = run.decoder.latent_size > run.decoder.latent_dim
    return _prior(run, test, train, sampling.TEMPERATURE) if has_detail else None


def _mixture(run: Run, test: Split, train: Split) -> Codes:
    return _with_detail(run, run.mixture.draw(len(test), run.seed)), test.labels


def _second_stage(run: Run, test: Split, train: Split) -> Codes | None:
    if not run.second_stage:
        return None
    velocity, *how = run.second_stage
    z = second_stage.draw(velocity, len(test), test.labels, *how, run.seed)
    return _with_detail(run, z), test.labels


def _with_detail(run: Run, z: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    return sampling.with_detail(z, run.decoder.latent_size, run.seed, temperature)


def _reconstructions(run: Run, test: Split, train: Split) -> Codes:
    pixels = train.pixels
    if run.binary:
        pixels = binarization.draw(pixels, np.random.default_rng(run.seed))
    return run.encoder(pixels, train.labels), train.labels


# By origin: what gives, for N test and N training images, z [N, D] to decode, and the classes [N]
# that a conditional decoder is asked for; None if a run has no images of this origin.
CODES: dict[str, Callable[[Run, Split, Split], Codes | None]] = {
    "prior": _prior,
    "tempered": _tempered,
    "mixture": _mixture,
    "second_stage": _second_stage,
    "reconstructions": _reconstructions,
}


def evaluate(
    data: Images, run: Run, classifier: Classifier, generated: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return metrics by origin: images decoded from CODES, and the floor.

    Each origin is compared with test images by a classifier's features. The floor is training
    images, so what a perfect model would have; `reconstructions` are decoded from the codes of the
    same training images without noise, so what samples would have if their codes were perfect.
    Images are 8-bit, and the decoded ones are means of p(x|z). Everywhere there are `generated`
    images, drawn at random, or as many as the smaller of training and test set has.

    data: gray or colour images, also for a run on black and white ones.

    Raises UserError if a network's output is not finite, ValueError if `cannot_compare`.
    """
    count = _comparable(data, generated)
    rng = np.random.default_rng(run.seed)
    test, train = (split[rng.permutation(len(split))[:count]] for split in (data.test, data.train))
    real = classifier(test.pixels)
    codes = {origin: function(run, test, train) for origin, function in CODES.items()}
    seen = {
        origin: _features(classifier, run.decoder, *found)
        for origin, found in codes.items()
        if found is not None
    }
    results = {}
    for origin, features in (seen | {FLOOR: classifier(train.pixels)}).items():
        values = _compare(real, features)
        row = ", ".join(f"{name} {value:.4g}" for name, (value, *_) in values.items())
        logger.info("%s: %s", origin, row)
        results[origin] = {
            name: metric(name, value, count, *error) for name, (value, *error) in values.items()
        }
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
