"""Signs in a trained run that its training did not work."""

import math

import numpy as np

from vae.data.images import Split
from vae.data.pixels import to_unit
from vae.latent import sampling
from vae.latent.onnx import BATCH, Decoder, slices

ACTIVE = 0.1  # share of the dimensions
ALIKE = 0.01  # share of the variance of test images
DRAWN = 200  # images at most


def found(
    active: int, dimensions: int, mse: float, mean_mse: float, variances: tuple[float, float]
) -> dict[str, dict[str, float]]:
    """Warnings, by name, with the values that `services.warning_texts` puts into words.

    active: of so many dimensions; mse: of reconstructions of test images, and if each were the
    mean training image; variances: see `spread`, of generated and of test images.
    """
    result = {}
    if active < ACTIVE * dimensions:
        result["unused dimensions"] = {"active": active, "dimensions": dimensions}
    if mse >= mean_mse:
        result["no reconstructions"] = {"mse": mse, "mean_mse": mean_mse}
    generated, real = variances
    if generated <= ALIKE * real:
        result["all alike"] = {}
    return result


def mean_image_mse(train: np.ndarray, test: Split) -> float:
    """The MSE on test images in [0, 1] if each were reconstructed as the mean training image.

    train: uint8 [N, H, W, C].
    """
    mean = (train.mean(axis=0, dtype=float) / 255).astype(np.float32)
    parts = slices(len(test), BATCH // mean.size)
    squares = (np.square(to_unit(test.pixels[part]) - mean) for part in parts)
    return float(sum(square.sum(dtype=float) for square in squares) / test.pixels.size)


def spread(decoder: Decoder, test: Split, seed: int) -> tuple[float, float]:
    """The variance over images, averaged over pixels, of generated and of as many test images."""
    n = min(DRAWN, len(test), max(2, BATCH // math.prod(decoder.image_shape)))
    generated = sampling.images(decoder, n, seed)
    some = to_unit(test.pixels[np.random.default_rng(seed).permutation(len(test))[:n]])
    return tuple(float(images.var(axis=0).mean()) for images in (generated, some))
