"""Figures that say how good a VAE is, on the test set, each with its unit."""

import logging
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import convolution_matrix

from vae.data.images import Images
from vae.evaluation import bounds
from vae.evaluation import sample_quality as quality
from vae.evaluation.bounds import Encoded, slices
from vae.latent import sampling
from vae.latent.codes import ACTIVE_UNIT_VARIANCE
from vae.latent.mixture import Mixture
from vae.latent.onnx import BATCH, Classifier, Decoder, Encoder
from vae.services.errors import UserError

logger = logging.getLogger(__name__)

NATS = "nats an image"
DIVERGED = (
    "The networks give values that are no numbers: the training diverged. "
    "A lower learning_rate, or a longer warm-up, helps as a rule."
)


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
    """Return every figure of a run by name: value, unit, and how many test images it is a mean of.

    likelihood: a key of `likelihood_bounds.LOG_PROB`.
    draws: z an image for the reconstruction term, at least 2; of all test images.
    samples, images: z an image for the importance-weighted NLL, of the first test images, which
        are also those of the exact NLL.

    A mean also has its `standard_error`: how far from it another test set would lie. `elbo` and
    `reconstruction` have a `sampling_error` as well: how far other draws would.

    Raises UserError where there are no test images, or the networks give no numbers.
    """
    if not len(data.test):
        raise UserError("The dataset has no test images, so there is nothing to evaluate on.")
    log_prob = bounds.LOG_PROB[likelihood]
    test = Encoded(data.test.pixels, *encoder(data.test.pixels, data.test.labels), data.test.labels)
    figures = _elbo(test, bounds.log_likelihood(test, decoder, log_prob, draws, seed))
    figures["kl_per_dimension"] = _figure(test.kl.mean(axis=0).tolist(), NATS, len(test))
    figures["active_units"] = _figure(active_units(test.z_mean), "dimensions", len(test))

    first = test[:images]
    nll = bounds.importance_weighted_nll(first, decoder, log_prob, samples, seed)
    figures["nll_importance_weighted"] = _mean(nll, NATS)
    if decoder.latent_dim <= 2 and not decoder.classes:
        figures["nll_exact"] = _mean(bounds.exact_nll(first.pixels, decoder, log_prob), NATS)
    if likelihood == "gaussian":
        bits = bits_per_dimension(test, decoder, draws, seed)
        figures["bits_per_dimension"] = _mean(bits, "bits a pixel and channel")

    figures |= _reconstruction(
        test.pixels, lambda part: decoder(test.z_mean[part], test.labels[part]), ""
    )
    pca = PCA(data.train.pixels, decoder.latent_dim, seed)
    figures |= _reconstruction(test.pixels, lambda part: pca(test.pixels[part]), "pca_")
    for name, figure in figures.items():
        if "standard_error" in figure:
            value, error, unit = (figure[key] for key in ("value", "standard_error", "unit"))
            logger.info("%s: %.5g ± %.2g %s", name, value, error, unit)
    return figures


# What generated images are measured by, beside real ones, and its unit.
GENERATION = {
    "frechet_distance": "squared difference of features",
    "kernel_distance": "squared mean discrepancy",
    "precision": "share of generated images",
    "recall": "share of test images",
    "density": "1",
    "coverage": "share of test images",
    "classes_covered": "share of classes",
}


def evaluate_generation(
    data: Images,
    decoder: Decoder,
    mixture: Mixture,
    classifier: Classifier,
    seed: int,
    generated: int,
) -> dict[str, dict[str, Any]]:
    """Return the figures of generated images, compared with test images by a classifier's features.

    Names are `classifier_<figure>_<what>`: of images decoded from draws from the `prior` and from
    the `mixture`; the `floor` is what as many training images have, so what a perfect model would.
    All are 8-bit, the generated ones means of p(x|z), in a conditional run of the test images'
    classes. On every side there are `generated` images,
    at random, or as many as the smaller of training and test set has.

    Raises UserError where a decoder gives no numbers, ValueError where `cannot_compare`.
    """
    count = _comparable(data, generated)
    rng = np.random.default_rng(seed)
    chosen, others = (
        split[rng.permutation(len(split))[:count]] for split in (data.test, data.train)
    )
    prior = sampling.prior(count, decoder.latent_dim, seed)
    test = classifier(chosen.pixels)
    sides = {
        "prior": _seen(classifier, decoder, prior, chosen.labels),
        "mixture": _seen(classifier, decoder, mixture.draw(count, seed), chosen.labels),
        "floor": classifier(others.pixels),
    }
    figures = {}
    for side, seen in sides.items():
        for name, figure in _compare(test, seen).items():
            figures[f"classifier_{name}_{side}"] = figure
    for name in GENERATION:
        values = [figures[f"classifier_{name}_{side}"]["value"] for side in sides]
        logger.info("classifier_%s: prior %.4g, mixture %.4g, floor %.4g", name, *values)
    return figures


def cannot_compare(data: Images, labelled: bool, generated: int) -> str:
    """Why there are no figures of generated images, in words; empty where there are some."""
    if not labelled or len(data.class_names) < 2:
        return (
            "The figures of generated images (classifier_*) need labels: they compare images by "
            "what a classifier sees in them, and these images have fewer than two classes."
        )
    if (count := _comparable(data, generated)) < quality.FEWEST:
        return (
            f"The figures of generated images (classifier_*) need {quality.FEWEST} training and "
            f"{quality.FEWEST} test images at least; here are {count}."
        )
    return ""


def active_units(z_mean: np.ndarray, threshold: float = ACTIVE_UNIT_VARIANCE) -> int:
    """Count the latent dimensions of z_mean [N, D] whose variance over images is above a threshold.

    Burda et al. 2016 (arXiv 1509.00519), section 5.2.
    """
    return int((z_mean.var(axis=0, dtype=float) > threshold).sum())


def bits_per_dimension(encoded: Encoded, decoder: Decoder, draws: int, seed: int) -> np.ndarray:
    """-ELBO of the 8-bit pixels in bits a pixel and channel, float64 [N]; Gaussian likelihood.

    With `discretised_gaussian`, hence comparable with other models of 8-bit images (Theis et al.
    2016, arXiv 1511.01844). A lossless code of the images takes as much, with bits back (Townsend
    et al. 2019, arXiv 1901.04866).
    """
    log_prob = bounds.discretised_gaussian
    log_p = bounds.log_likelihood(encoded, decoder, log_prob, draws, seed).mean(axis=1)
    return (encoded.kl.sum(axis=1) - log_p) / (math.log(2) * math.prod(decoder.image_shape))


def mse(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean squared difference of each image, float64 [N]; x and y [N, H, W, C] in [0, 1]."""
    return np.square(x - y).mean(axis=(1, 2, 3), dtype=float)


def psnr(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each image in dB, float64 [N]: -10 log10(MSE).

    At most 100, so that an image without any error is no infinity in a mean.
    """
    return -10 * np.log10(np.maximum(mse(x, y), 1e-10))


def ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Structural similarity of each image, float64 [N], at most 1; x and y [N, H, W, C] in [0, 1].

    Wang et al. 2004 (doi 10.1109/TIP.2003.819861): Gaussian windows of 11 x 11 pixels, sigma 1.5,
    that lie in the image; the mean over windows and channels. The numbers of scikit-image with
    `gaussian_weights=True, use_sample_covariance=False, data_range=1`. In images that are smaller,
    the window is the largest of odd size that fits.
    """
    size = (min(11, *x.shape[1:3]) - 1) // 2 * 2 + 1
    window = np.exp(-0.5 * ((np.arange(size) - size // 2) / 1.5) ** 2)
    window /= window.sum()
    rows, columns = (convolution_matrix(window, n, mode="valid") for n in x.shape[1:3])

    def local(images: np.ndarray) -> np.ndarray:
        return rows @ images @ columns.T

    x, y = (np.moveaxis(images, -1, 1).astype(float) for images in (x, y))
    mean_x, mean_y = local(x), local(y)
    var_x, var_y = local(x * x) - mean_x**2, local(y * y) - mean_y**2
    covariance = local(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return (luminance * (2 * covariance + c2) / (var_x + var_y + c2)).mean(axis=(1, 2, 3))


class PCA:
    """Principal components of images: the best that a linear code of as many numbers can do.

    components: float32 [P, K], orthonormal, by falling variance; mean: float32 [P].

    By subspace iteration from a random start (Halko et al. 2011, arXiv 0909.4061, algorithm 4.4)
    that reads all images, a part at a time: scikit-learn wants them whole and as floats, which for
    48,000 RGB images of 128 x 128 pixels are 9 GB, and its incremental PCA is an approximation.
    """

    def __init__(self, pixels: np.ndarray, n_components: int, seed: int = 0, iterations: int = 5):
        """Fit to uint8 pixels [N, H, W, C]; there are no more components than values an image."""
        size = math.prod(pixels.shape[1:])
        self.mean = (pixels.mean(axis=0, dtype=float).ravel() / 255).astype(np.float32)
        # More than asked for, since the last ones of a subspace are the slowest to settle.
        shape = (size, min(2 * n_components + 10, size))
        basis = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
        for _ in range(iterations):
            product = np.zeros_like(basis)
            for part in slices(len(pixels), BATCH // size, "PCA: %d of %d images"):
                x = self._centred(pixels[part])
                product += x.T @ (x @ basis)
            basis = np.linalg.svd(product, full_matrices=False).U
        self.components = basis[:, :n_components]

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Reconstruct uint8 pixels [N, H, W, C] from their components: float32, in [0, 1]."""
        code = self._centred(pixels) @ self.components
        return np.clip(code @ self.components.T + self.mean, 0, 1).reshape(pixels.shape)

    def _centred(self, pixels: np.ndarray) -> np.ndarray:
        return pixels.reshape(len(pixels), -1) / np.float32(255) - self.mean


def _comparable(data: Images, generated: int) -> int:
    return min(generated, len(data.train), len(data.test))


def _seen(
    classifier: Classifier, decoder: Decoder, z: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Features and logits of the 8-bit images decoded from z [N, D], some at a time.

    labels: [N], of the classes that a conditional decoder is asked for.
    """
    size = BATCH // math.prod(decoder.image_shape)
    parts = [
        classifier(_uint8(decoder(z[part], labels[part])))
        for part in slices(len(z), size, "generated images: %d of %d")
    ]
    features, logits = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(logits)


def _uint8(images: np.ndarray) -> np.ndarray:
    if not np.isfinite(images).all():
        raise UserError(DIVERGED)
    return np.rint(255 * images).astype(np.uint8)


def _compare(
    real: tuple[np.ndarray, np.ndarray], generated: tuple[np.ndarray, np.ndarray]
) -> dict[str, dict[str, Any]]:
    """The figures of GENERATION; real, generated: features and logits of as many images."""
    (x, x_logits), (y, y_logits) = real, generated
    precision, recall = quality.precision_recall(x, y)
    density, coverage = quality.density_coverage(x, y)
    distance, error = quality.kernel_distance(x, y)
    values = {
        "frechet_distance": quality.frechet_distance(x, y),
        "kernel_distance": distance,
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "classes_covered": quality.classes_covered(x_logits.argmax(1), y_logits.argmax(1)),
    }
    figures = {name: _figure(value, GENERATION[name], len(x)) for name, value in values.items()}
    figures["kernel_distance"]["standard_error"] = error
    return figures


def _elbo(test: Encoded, log_p: np.ndarray) -> dict[str, dict[str, Any]]:
    """ELBO = -(reconstruction + KL), whatever weight the training gave the KL."""
    reconstruction, kl = -log_p.mean(axis=1), test.kl.sum(axis=1)
    if not np.isfinite(reconstruction + kl).all():
        raise UserError(DIVERGED)
    draws = log_p.shape[1]
    error = {"sampling_error": math.sqrt(log_p.var(axis=1).mean() / (draws - 1) / len(log_p))}
    return {
        "elbo": _mean(-reconstruction - kl, NATS) | error,
        "reconstruction": _mean(reconstruction, NATS) | error,
        "kl": _mean(kl, NATS),
    }


def _reconstruction(
    pixels: np.ndarray, reconstruct: Callable[[slice], np.ndarray], prefix: str
) -> dict[str, dict[str, Any]]:
    """MSE, PSNR and SSIM between images and what `reconstruct` makes of a part of them."""
    kinds = {
        "mse": (mse, "squared gray value of [0, 1]"),
        "psnr": (psnr, "dB"),
        "ssim": (ssim, "1"),
    }
    values = {name: [] for name in kinds}
    for part in slices(len(pixels), BATCH // pixels[0].size, "reconstruction: %d of %d images"):
        x, y = pixels[part] / np.float32(255), reconstruct(part)
        for name, (measure, _) in kinds.items():
            values[name].append(measure(x, y))
    return {
        prefix + name: _mean(np.concatenate(values[name]), unit)
        for name, (_, unit) in kinds.items()
    }


def _mean(values: np.ndarray, unit: str) -> dict[str, Any]:
    """The mean over images and its standard error."""
    n = len(values)
    error = float(values.std()) / math.sqrt(max(n - 1, 1))
    return _figure(float(values.mean()), unit, n) | {"standard_error": error}


def _figure(value: Any, unit: str, images: int) -> dict[str, Any]:
    return {"value": value, "unit": unit, "images": images}
