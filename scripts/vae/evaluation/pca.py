"""PCA as a baseline: what a linear code of as many numbers keeps of an image."""

import logging
import math

import numpy as np

from vae.data.pixels import to_unit
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
        code = self.codes(pixels)
        return np.clip(code @ self.components.T + self.mean, 0, 1).reshape(pixels.shape)

    def codes(self, pixels: np.ndarray) -> np.ndarray:
        """The components of uint8 pixels [N, H, W, C]: float32 [N, K]."""
        return self._centred(pixels) @ self.components

    def _centred(self, pixels: np.ndarray) -> np.ndarray:
        return to_unit(pixels).reshape(len(pixels), -1) - self.mean
