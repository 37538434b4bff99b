import keras
import numpy as np
import pytest
from scipy import stats

from vae import likelihoods


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
    parameters = likelihoods.get("gaussian").parameters(keras.Model(z, logits))
    decoder = keras.Model(z, parameters)
    log_var = np.asarray(decoder(np.random.default_rng(0).normal(size=(4, 2)))["log_var"])
    np.testing.assert_allclose(log_var, np.full((4, 1), np.log(0.05)), rtol=1e-5)
    bias = decoder.get_layer("tenth_of_log_var").bias
    bias.assign([-0.7])
    np.testing.assert_allclose(decoder(np.ones((1, 2)))["log_var"], [[-7.0]], rtol=1e-5)
    assert bias.trainable
