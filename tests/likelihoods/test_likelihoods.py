import keras
import numpy as np
import pytest
from scipy import stats

from vae import likelihoods
from vae.likelihoods import bernoulli, gaussian


def test_bernoulli_is_the_log_probability_of_coins_summed_over_pixels_and_channels():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (5, 3, 4, 3)).astype("float32")
    logits = rng.normal(size=x.shape).astype("float32")
    expected = stats.bernoulli.logpmf(x, 1 / (1 + np.exp(-logits))).sum((1, 2, 3))
    log_prob = likelihoods.get("bernoulli").log_prob(x, {"logits": logits})
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5)


@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_bernoulli_stays_finite_at_extreme_logits(logit):
    x = np.full((1, 1, 1, 1), float(logit > 0), "float32")
    logits = np.full_like(x, logit)
    np.testing.assert_allclose(likelihoods.get("bernoulli").log_prob(x, {"logits": logits}), [0])
    wrong = likelihoods.get("bernoulli").log_prob(1 - x, {"logits": logits})
    np.testing.assert_allclose(wrong, [-1e4])


def test_gaussian_is_the_log_density_summed_over_pixels_and_channels():
    rng = np.random.default_rng(0)
    x = rng.random((5, 3, 4, 3)).astype("float32")
    mean = rng.random(x.shape).astype("float32")
    log_var = np.full((5, 1), -3.0, "float32")
    expected = stats.norm.logpdf(x, mean, np.exp(-1.5)).sum((1, 2, 3))
    parameters = {"mean": mean, "log_var": log_var}
    log_prob = likelihoods.get("gaussian").log_prob(x, parameters)
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5)


def test_the_variance_is_one_learned_number_whatever_z():
    z = keras.Input((2,))
    logits = keras.layers.Reshape((1, 1, 3))(keras.layers.Dense(3)(z))
    parameters = likelihoods.get("gaussian").parameters(keras.Model(z, logits), 3)
    decoder = keras.Model(z, parameters)
    log_var = np.asarray(decoder(np.random.default_rng(0).normal(size=(4, 2)))["log_var"])
    np.testing.assert_allclose(log_var, np.full((4, 1), np.log(0.05)), rtol=1e-5)
    bias = decoder.get_layer("tenth_of_log_var").bias
    bias.assign([-0.7])
    np.testing.assert_allclose(decoder(np.ones((1, 2)))["log_var"], [[-7.0]], rtol=1e-5)
    assert bias.trainable


@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_the_numpy_half_of_bernoulli_stays_finite_at_extreme_logits(logit):
    x = np.full((2, 1), [[float(logit > 0)], [float(logit < 0)]], np.float32)
    log_p = bernoulli.log_likelihood(x, {"logits": np.full((1, 1, 1, 1), logit, np.float32)})
    np.testing.assert_allclose(log_p, [[0], [-1e4]])


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("log_var", [-14.0, -4.0, 2.0])
def test_the_256_levels_of_a_pixel_have_all_the_mass(mean, log_var):
    levels = np.arange(256, dtype=np.float32)[:, None] / np.float32(255)
    parameters = {"mean": np.full((1, 1, 1, 1), mean), "log_var": np.full((1, 1), log_var)}
    log_mass = gaussian.log_mass(levels, parameters)[:, 0]
    assert np.isfinite(log_mass).all()
    np.testing.assert_allclose(np.exp(log_mass).sum(), 1, rtol=1e-9)
    edges = np.array([-np.inf, *(np.arange(255) + 0.5) / 255, np.inf])
    mass = np.diff(stats.norm(mean, np.exp(log_var / 2)).cdf(edges))
    np.testing.assert_allclose(np.exp(log_mass), mass, atol=1e-12)


def test_a_level_far_out_in_the_tail_has_its_logarithm():
    normal = stats.norm(1, 0.001)
    parameters = {"mean": np.ones((1, 1, 1, 1)), "log_var": np.full((1, 1), 2 * np.log(0.001))}
    x = np.array([[0], [100 / 255]], np.float32)
    # The mass of a level this far out lies at its edge towards the mean.
    edges = (np.array([0, 100]) + 0.5) / 255
    log_mass = gaussian.log_mass(x, parameters)
    np.testing.assert_allclose(log_mass[:, 0], normal.logcdf(edges), rtol=1e-6)
    mirrored = gaussian.log_mass(1 - x, parameters | {"mean": np.zeros((1, 1, 1, 1))})
    np.testing.assert_allclose(mirrored, log_mass, rtol=1e-6)


@pytest.mark.parametrize("likelihood", [bernoulli, gaussian])
def test_both_halves_of_a_likelihood_agree(likelihood):
    rng = np.random.default_rng(0)
    x = rng.random((4, 2, 3, 3), np.float32)
    parameters = {"logits": rng.normal(size=x.shape).astype("float32"), "mean": rng.random(x.shape)}
    parameters["log_var"] = np.full((4, 1), -1.5)
    pairs = likelihood.log_likelihood(x.reshape(4, -1), parameters)
    assert pairs.shape == (4, 4)
    np.testing.assert_allclose(np.diag(pairs), likelihood.log_prob(x, parameters), rtol=1e-5)


def test_pixels_of_a_gaussian_are_drawn_from_its_masses():
    parameters = {"mean": np.full((400, 4, 4, 1), 0.1), "log_var": np.full((400, 1), -4.0)}
    pixels = gaussian.sample(parameters, np.random.default_rng(0))
    assert (pixels.shape, pixels.dtype) == ((400, 4, 4, 1), np.uint8)
    normal = stats.norm(0.1, np.exp(-2))
    for level in (0, 51):
        expected = normal.cdf((level + 0.5) / 255)
        assert (pixels <= level).mean() == pytest.approx(expected, abs=0.02)


def test_pixels_of_bernoulli_are_black_or_white_as_often_as_the_mean_says():
    mean = np.tile(np.float32([0, 0.2, 1]).reshape(1, 1, 3, 1), (2000, 1, 1, 1))
    pixels = bernoulli.sample({"mean": mean}, np.random.default_rng(0))
    assert set(np.unique(pixels)) == {0, 255}
    np.testing.assert_allclose(pixels.mean(axis=(0, 1, 3)) / 255, [0, 0.2, 1], atol=0.03)
