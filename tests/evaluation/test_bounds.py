from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from tests.helpers.networks import (
    BIAS,
    PIXELS,
    SIGMA,
    WEIGHT,
    bernoulli_decoder,
    gaussian_decoder,
)
from vae.evaluation import bounds
from vae.latent.posteriors import Gaussian
from vae.likelihoods import bernoulli, gaussian

GAUSSIAN, BERNOULLI = gaussian.log_likelihood, bernoulli.log_likelihood
X = PIXELS.reshape(5, -1) / 255
FOUR = np.pad(WEIGHT, ((0, 2), (0, 0)))  # the same and two dimensions without effect


class ByClass:
    """A conditional decoder: another one, whose images of class k are brighter by LEVELS[k]."""

    classes = 3
    LEVELS = np.array([0, 0.1, -0.2])

    def __init__(self, decoder):
        self.decoder, self.latent_size = decoder, decoder.latent_size

    def parameters(self, z, labels):
        """Those of the other decoder, with another mean."""
        parameters = self.decoder.parameters(z)
        level = self.LEVELS[np.broadcast_to(labels, z.shape[:-1])][..., None, None, None]
        return parameters | {"mean": parameters["mean"] + level}


def linear_gaussian(weight, widened=1.0, x=X):
    """log p(x) in closed form, and the exact posterior of z, or one that is so much wider."""
    log_p = stats.multivariate_normal(BIAS, weight.T @ weight + SIGMA**2 * np.eye(6)).logpdf(x)
    variance = 1 / (1 + (weight**2).sum(axis=1) / SIGMA**2)
    z_mean = (x - BIAS) @ weight.T * variance / SIGMA**2
    z_log_var = np.broadcast_to(np.log(variance * widened**2), z_mean.shape)
    encoded = Gaussian(PIXELS, z_mean.astype(np.float32), z_log_var.astype(np.float32))
    return log_p, encoded


@pytest.fixture(params=[2**20, 50], ids=["at once", "in parts"])
def _batch(request, monkeypatch):
    monkeypatch.setattr(bounds, "BATCH", request.param)


def test_kl_is_the_integral_of_its_definition():
    mean, sigma = 1.5, 0.3
    q = stats.norm(mean, sigma)
    integral, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - stats.norm.logpdf(z)), -1, 4)
    z_mean = np.array([[0, mean]], np.float32)
    z_log_var = np.array([[0, 2 * np.log(sigma)]], np.float32)
    kl = Gaussian(PIXELS[:1], z_mean, z_log_var).kl
    np.testing.assert_allclose(kl, [[0, integral]], rtol=1e-6)


@pytest.mark.usefixtures("_batch")
@pytest.mark.parametrize("latent_dim", [1, 2])
def test_quadrature_gives_the_likelihood_of_a_linear_gaussian_model(tmp_path, latent_dim):
    weight = WEIGHT[:latent_dim]
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", weight)
    log_p, _ = linear_gaussian(weight)
    nll = bounds.exact_nll(PIXELS, decoder, GAUSSIAN, side=61)
    np.testing.assert_allclose(nll, -log_p, rtol=1e-5)


def test_quadrature_gives_the_integral_of_a_bernoulli_model(tmp_path):
    weight = 10 * WEIGHT[:1]
    decoder = bernoulli_decoder(tmp_path / "decoder.onnx", weight)

    def joint(z, x):
        p = 1 / (1 + np.exp(-(z * weight[0] + BIAS)))
        return np.prod(p**x * (1 - p) ** (1 - x)) * stats.norm.pdf(z)

    expected = [-np.log(integrate.quad(joint, -8, 8, args=(x,), epsabs=1e-12)[0]) for x in X]
    nll = bounds.exact_nll(PIXELS, decoder, BERNOULLI, side=61)
    np.testing.assert_allclose(nll, expected, rtol=1e-5)


def test_quadrature_is_for_one_and_two_dimensions(tmp_path):
    decoder = bernoulli_decoder(tmp_path / "decoder.onnx", np.ones((3, 6)))
    with pytest.raises(ValueError, match="3 dimensions"):
        bounds.exact_nll(PIXELS, decoder, BERNOULLI)


@pytest.mark.usefixtures("_batch")
@pytest.mark.parametrize("weight", [WEIGHT, FOUR], ids=["2", "4"])
def test_a_conditional_likelihood_is_that_of_each_image_given_its_class(tmp_path, weight):
    decoder = ByClass(gaussian_decoder(tmp_path / "decoder.onnx", weight))
    labels = np.array([2, 0, 1, 1, 2])
    log_p, encoded = linear_gaussian(weight, x=X - ByClass.LEVELS[labels, None])
    encoded = replace(encoded, labels=labels)
    # Of the exact posterior, and of four dimensions, the weights have no variance.
    nll = bounds.importance_weighted_nll(encoded, decoder, GAUSSIAN, 500, seed=0)
    np.testing.assert_allclose(nll, -log_p, atol=1e-4 if len(weight) == 4 else 0.2)
    with pytest.raises(ValueError, match="conditional"):
        bounds.exact_nll(PIXELS, decoder, GAUSSIAN)


@pytest.mark.usefixtures("_batch")
def test_importance_weights_of_the_exact_posterior_have_no_variance(tmp_path):
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", FOUR)
    log_p, encoded = linear_gaussian(FOUR)
    nll = bounds.importance_weighted_nll(encoded, decoder, GAUSSIAN, samples=20, seed=0)
    np.testing.assert_allclose(nll, -log_p, atol=1e-4)


def test_importance_weighting_bounds_the_likelihood_and_closes_on_it(tmp_path):
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", FOUR)
    log_p, encoded = linear_gaussian(FOUR, widened=3)
    bound = [
        bounds.importance_weighted_nll(encoded, decoder, GAUSSIAN, samples, seed=0)
        for samples in (1, 20, 20_000)
    ]
    gaps = [(nll + log_p).mean() for nll in bound]
    assert gaps[0] > gaps[1] > gaps[2]
    np.testing.assert_allclose(bound[2], -log_p, atol=0.1)


@pytest.mark.usefixtures("_batch")
@pytest.mark.parametrize("deviations", [8, 100])
def test_in_few_dimensions_importance_weighting_forgives_an_encoder_that_misses(
    tmp_path, deviations
):
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", WEIGHT)
    log_p, right = linear_gaussian(WEIGHT, widened=0.3)
    deviation = np.exp(right.z_log_var / 2)
    wrong = Gaussian(PIXELS, right.z + deviations * deviation, right.z_log_var)
    nll = bounds.importance_weighted_nll(wrong, decoder, GAUSSIAN, samples=500, seed=0)
    np.testing.assert_allclose(nll, -log_p, atol=0.1)


def test_importance_weighting_agrees_with_quadrature_where_p_is_not_gaussian(tmp_path):
    decoder = bernoulli_decoder(tmp_path / "decoder.onnx", 5 * WEIGHT)
    prior = np.zeros((len(X), 2), np.float32)
    encoded = Gaussian(PIXELS, prior, prior)
    exact = bounds.exact_nll(PIXELS, decoder, BERNOULLI, side=101)
    bound = bounds.importance_weighted_nll(encoded, decoder, BERNOULLI, 20_000, seed=0)
    np.testing.assert_allclose(bound, exact, atol=0.05)


@pytest.mark.usefixtures("_batch")
def test_the_expected_log_likelihood_is_the_closed_form(tmp_path):
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", WEIGHT)
    _, encoded = linear_gaussian(WEIGHT, widened=2)
    log_p, kl = bounds.terms(encoded, decoder, GAUSSIAN, draws=5000, seed=0)
    assert log_p.shape == (5, 5000)
    np.testing.assert_array_equal(kl, encoded.kl[:, None])
    at_mean = stats.norm(encoded.z @ WEIGHT + BIAS, SIGMA).logpdf(X).sum(axis=1)
    spread = (np.exp(encoded.z_log_var) * (WEIGHT**2).sum(axis=1)).sum(axis=1)
    np.testing.assert_allclose(log_p.mean(axis=1), at_mean - spread / 2 / SIGMA**2, atol=0.15)
