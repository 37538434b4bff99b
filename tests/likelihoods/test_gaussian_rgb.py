import keras
import numpy as np
import pytest
from scipy import stats

from vae.likelihoods import gaussian, gaussian_rgb

# Of the errors of R, G and B: R errs by 0.2, G by 0.05 about 0.9 times that, B by 0.03 about ...
SCALE = np.array([0.2, 0.05, 0.03])
SLOPES = np.array([0.9, -0.4, 1.2])
FACTOR = np.array([[1, 0, 0], [0.9, 1, 0], [-0.4 + 1.2 * 0.9, 1.2, 1]]) * SCALE
LEVELS = np.arange(256, dtype=np.float32) / np.float32(255)


def learned(count, scale=SCALE, slopes=SLOPES):
    """`log_scale` and `slopes`, the same at so many points."""
    values = {"log_scale": np.log(scale), "slopes": slopes}
    return {name: np.tile(np.float32(value), (count, 1)) for name, value in values.items()}


def test_the_density_is_normal_with_one_covariance_of_the_channels():
    rng = np.random.default_rng(0)
    x, mean = rng.random((2, 4, 3, 5, 3), np.float32)
    normal = stats.multivariate_normal(cov=FACTOR @ FACTOR.T)
    expected = normal.logpdf(x - mean).sum(axis=(1, 2))
    parameters = {"mean": mean} | learned(4)
    np.testing.assert_allclose(gaussian_rgb.log_prob(x, parameters), expected, rtol=1e-4)
    pairs = gaussian_rgb.log_likelihood(x.reshape(4, -1), parameters)
    expected = [[normal.logpdf(a - b).sum() for b in mean] for a in x]
    np.testing.assert_allclose(pairs, expected, rtol=1e-5)


def test_channels_of_their_own_and_one_scale_are_the_gaussian_of_one_variance():
    rng = np.random.default_rng(0)
    x, mean = rng.random((2, 4, 2, 3, 3), np.float32)
    x = np.rint(255 * x).astype(np.float32).reshape(4, -1) / np.float32(255)
    own = {"mean": mean} | learned(4, np.full(3, 0.1), np.zeros(3))
    shared = {"mean": mean, "log_var": np.full((4, 1), 2 * np.log(0.1))}
    for name in ("log_likelihood", "log_mass"):
        ours, theirs = (getattr(m, name) for m in (gaussian_rgb, gaussian))
        np.testing.assert_allclose(ours(x, own), theirs(x, shared), rtol=1e-5)


def test_the_six_numbers_are_learned_and_the_same_for_every_z():
    z = keras.Input((2,))
    logits = keras.layers.Reshape((1, 1, 3))(keras.layers.Dense(3)(z))
    decoder = keras.Model(z, gaussian_rgb.parameters(keras.Model(z, logits), 3))
    codes = np.random.default_rng(0).normal(size=(4, 2))
    start = np.full((4, 3), np.log(0.05) / 2)
    np.testing.assert_allclose(decoder(codes)["log_scale"], start, rtol=1e-5)
    np.testing.assert_array_equal(decoder(codes)["slopes"], np.zeros((4, 3)))
    bias = decoder.get_layer("tenth_of_slopes").bias
    bias.assign([0.09, -0.04, 0.12])
    np.testing.assert_allclose(decoder(codes)["slopes"], np.tile(SLOPES, (4, 1)), rtol=1e-5)
    assert bias.trainable


@pytest.mark.parametrize("mean", [(0.0, 0.5, 1.0), (0.4, 0.45, 0.5)])
@pytest.mark.parametrize("width", [1e-4, 1.0, 100.0])
def test_levels_of_green_and_blue_have_the_mass_of_their_level_of_red(mean, width):
    """So that all have that of the levels of red, which is all there is."""
    parameters = {"mean": np.float32(mean).reshape(1, 1, 1, 3)} | learned(1, width * SCALE)
    red_mass = stats.norm(mean[0], width * SCALE[0])
    for level in (0, 102, 255):
        pairs = np.stack(np.meshgrid(LEVELS[level], LEVELS, LEVELS), axis=-1).reshape(-1, 3)
        log_mass = gaussian_rgb.log_mass(pairs, parameters)
        assert np.isfinite(log_mass).all()
        low = -np.inf if level == 0 else (level - 0.5) / 255
        high = np.inf if level == 255 else (level + 0.5) / 255
        expected = red_mass.cdf(high) - red_mass.cdf(low)
        np.testing.assert_allclose(np.exp(log_mass).sum(), expected, rtol=1e-4, atol=1e-12)


def test_pixels_are_drawn_from_the_masses():
    mean = np.full((2000, 2, 2, 3), 0.5, np.float32)
    rng = np.random.default_rng(0)
    pixels = gaussian_rgb.sample({"mean": mean} | learned(2000, SCALE / 4), rng)
    assert pixels.dtype == np.uint8
    covariance = np.cov(pixels.reshape(-1, 3).T / 255)
    np.testing.assert_allclose(covariance, FACTOR @ FACTOR.T / 16, rtol=0.1, atol=2e-5)
    # A tail is one level: of R two fifths, and G and B follow that level, not the value drawn.
    dark = np.full((2000, 2, 2, 3), 0.05, np.float32)
    pixels = gaussian_rgb.sample({"mean": dark} | learned(2000), rng).reshape(-1, 3)
    black = pixels[:, 0] == 0
    assert black.mean() == pytest.approx(stats.norm(0.05, 0.2).cdf(0.5 / 255), abs=0.02)
    expected = stats.norm(0.05 - 0.9 * 0.05, 0.05).sf(0.5 / 255)
    assert (pixels[black, 1] > 0).mean() == pytest.approx(expected, abs=0.02)
