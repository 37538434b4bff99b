"""How well images are reconstructed: errors of each image, and PCA as a baseline."""

import logging
import math
from collections.abc import Callable

import numpy as np
from scipy.linalg import convolution_matrix

from vae.data.pixels import to_unit
from vae.latent.onnx import BATCH, slices
from vae.services.progress import Progress

logger = logging.getLogger(__name__)


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
    """MSE, PSNR and SSIM between uint8 images [N, H, W, C] and their reconstructions: float64 [N].

    reconstruct: gives those of a part of the images, float32 in [0, 1].
    """
    values: dict[str, list[np.ndarray]] = {"mse": [], "psnr": [], "ssim": []}
    progress = Progress(logger)
    for part in slices(len(pixels), BATCH // pixels[0].size):
        progress.info("reconstruction: %d of %d images", part.start, len(pixels))
        x, y = to_unit(pixels[part]), reconstruct(part)
        values["mse"].append(mse(x, y))
        values["psnr"].append(psnr(x, y))
        values["ssim"].append(ssim(x, y))
    return {name: np.concatenate(parts) for name, parts in values.items()}
