"""How well images are reconstructed, and PCA as a baseline."""

import logging
import math
from collections.abc import Callable

import numpy as np

from vae.data.pixels import to_unit
from vae.evaluation.metrics import OF_RECONSTRUCTIONS
from vae.latent.onnx import BATCH, slices
from vae.services.progress import Progress

logger = logging.getLogger(__name__)


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
        progress = Progress(logger)
        for _ in range(iterations):
            product = np.zeros_like(basis)
            for part in slices(len(pixels), BATCH // size):
                progress.info("PCA: %d of %d images", part.start, len(pixels))
                x = self._centred(pixels[part])
                product += x.T @ (x @ basis)
            basis = np.linalg.svd(product, full_matrices=False).U
        self.components = basis[:, :n_components]

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Reconstruct uint8 pixels [N, H, W, C] from their components: float32, in [0, 1]."""
        code = self._centred(pixels) @ self.components
        return np.clip(code @ self.components.T + self.mean, 0, 1).reshape(pixels.shape)

    def _centred(self, pixels: np.ndarray) -> np.ndarray:
        return to_unit(pixels).reshape(len(pixels), -1) - self.mean


def errors(pixels: np.ndarray, reconstruct: Callable[[slice], np.ndarray]) -> dict[str, np.ndarray]:
    """The metrics of reconstructions of uint8 images [N, H, W, C], by name: float64 [N].

    reconstruct: gives those of a part of the images, float32 in [0, 1].
    """
    values: dict[str, list[np.ndarray]] = {name: [] for name in OF_RECONSTRUCTIONS}
    progress = Progress(logger)
    for part in slices(len(pixels), BATCH // pixels[0].size):
        progress.info("reconstruction: %d of %d images", part.start, len(pixels))
        for name, of_part in errors_of(pixels[part], reconstruct(part)).items():
            values[name].append(of_part)
    return {name: np.concatenate(parts) for name, parts in values.items()}


def errors_of(pixels: np.ndarray, reconstructions: np.ndarray) -> dict[str, np.ndarray]:
    """The same of a few images, whose reconstructions are at hand."""
    x = to_unit(pixels)
    return {name: function(x, reconstructions) for name, function in OF_RECONSTRUCTIONS.items()}
