import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from vae.evaluation import metrics


def test_mse_and_psnr_are_those_of_each_image():
    x = np.zeros((3, 2, 2, 3), np.float32)
    y = x + np.array([0, 0.1, 1], np.float32)[:, None, None, None]
    np.testing.assert_allclose(metrics.mse(x, y), [0, 0.01, 1], rtol=1e-6)
    np.testing.assert_allclose(metrics.psnr(x, y), [100, 20, 0], atol=1e-5)


def wave(height, width, channels, frequency):
    i, j, k = np.indices((height, width, channels))
    return 0.5 + 0.5 * np.sin(frequency * i + 0.3 * frequency * j * j / width + k)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((16, 13, 1), 0.5001127326245588),
        ((16, 13, 3), 0.5429850820005206),
        ((11, 11, 1), 0.7731871963199013),
    ],
)
def test_ssim_is_what_scikit_image_gives(shape, expected):
    """By scikit-image 0.26.0, whose own steps come after it: borders are filtered and cut off."""
    x, y = wave(*shape, 0.5), 0.8 * wave(*shape, 0.6)
    np.testing.assert_allclose(metrics.ssim(x[None], y[None]), [expected], rtol=1e-12)

    def local(image):
        return gaussian_filter(image, (1.5, 1.5, 0), truncate=3.5)[5:-5, 5:-5]

    mx, my = local(x), local(y)
    vx, vy, cov = local(x * x) - mx**2, local(y * y) - my**2, local(x * y) - mx * my
    numerator = (2 * mx * my + 0.0001) * (2 * cov + 0.0009)
    similarity = numerator / ((mx**2 + my**2 + 0.0001) * (vx + vy + 0.0009))
    np.testing.assert_allclose(similarity.mean(), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(16, 13, 1), (8, 8, 3), (1, 1, 1), (2, 20, 1)])
def test_ssim_of_an_image_with_itself_is_one_at_any_size(shape):
    x = wave(*shape, 0.5).astype(np.float32)[None]
    np.testing.assert_allclose(metrics.ssim(x, x), [1], rtol=1e-12)
    assert metrics.ssim(x, x / 2) < 0.99
