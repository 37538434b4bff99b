"""A learned prior in a model that is linear, so that all of it has a closed form.

u ~ N(shift, scale^2) under the prior, x = N(u W + b, sigma^2), q(u|x) = N(x A, exp(c)).
"""

import types

import keras
import numpy as np
import onnxruntime
import pytest
from keras import layers, ops
from scipy import stats

from tests.helpers.networks import BIAS, PIXELS, SHAPE, SIGMA, WEIGHT
from tests.helpers.toys import affine
from vae.data.images import Images, Split
from vae.evaluation import bounds, testset
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior
from vae.likelihoods import gaussian
from vae.training import export
from vae.training.elbo import VAE

SHIFT, SCALE = np.array([0.5, -1.0]), np.array([2.0, 0.5])
LOG_VAR = np.log([0.3, 0.2])
X = PIXELS.reshape(5, 6) / 255
GROUPS = [{"name": "code", "dimensions": 2}]
ABOUT = {
    "latent": {"groups": GROUPS, "prior": "affine", "posterior": "gaussian"},
    "class_names": [],
}


@pytest.fixture(scope="module")
def vae():
    image = keras.Input(SHAPE, name="image")
    flat = layers.Flatten()(image)
    heads = {name: layers.Dense(2, name=name) for name in ("z_mean", "z_log_var")}
    encoder = keras.Model(image, {name: head(flat) for name, head in heads.items()})
    u = keras.Input((2,), name="z")
    mean = layers.Dense(6, name="pixels")
    log_var = layers.Dense(1, kernel_initializer="zeros", name="log_var")
    outputs = {"mean": layers.Reshape(SHAPE)(mean(u)), "log_var": log_var(u)}
    decoder = keras.Model(u, outputs)
    prior = affine.build(2, types.SimpleNamespace(first_scale=1.0))
    heads["z_mean"].set_weights([WEIGHT.T, np.zeros(2)])
    heads["z_log_var"].set_weights([np.zeros((6, 2)), LOG_VAR])
    mean.set_weights([WEIGHT, BIAS])
    log_var.set_weights([np.zeros((2, 1)), np.full(1, 2 * np.log(SIGMA))])
    for name, value in (("prior_shift", SHIFT), ("prior_log_scale", np.log(SCALE))):
        prior.forward.get_layer(name).bias.assign(value)
    return VAE(encoder, decoder, gaussian, beta=1.0, seed=0, prior=prior)


@pytest.fixture(scope="module")
def files(vae, tmp_path_factory):
    """Paths of encoder, posterior and decoder."""
    folder = tmp_path_factory.mktemp("affine")
    paths = [folder / f"{name}.onnx" for name in ("encoder", "posterior", "decoder")]
    export.save_onnx(export.networks(vae), *paths, ABOUT)
    return paths


@pytest.fixture(scope="module")
def test_images(files):
    """q(z|x) of five images, and the decoder."""
    split = Split(PIXELS, np.zeros(5, int))
    return ApproximatePosterior(*files[:2])(split), Decoder(files[2])


def kl():
    """KL of q(u|x) from the prior of u: float [5]."""
    ratio = np.exp(LOG_VAR) / SCALE**2
    return 0.5 * (ratio + ((X @ WEIGHT.T - SHIFT) / SCALE) ** 2 - 1 - np.log(ratio)).sum(axis=1)


def test_z_is_standard_normal_under_the_prior(vae):
    u = SHIFT + SCALE * np.random.default_rng(0).normal(size=(20_000, 2))
    mapped = vae.prior.forward(u)
    z = ops.convert_to_numpy(mapped["z"])
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    np.testing.assert_allclose(mapped["log_det"], -np.log(SCALE).sum(), rtol=1e-5)
    np.testing.assert_allclose(vae.prior.stock().inverse(z), u, atol=1e-5)


def test_training_sees_the_kl_in_expectation(vae):
    _, sampled = vae(np.repeat(PIXELS, 20_000, axis=0))
    sampled = ops.convert_to_numpy(sampled).reshape(5, -1)
    np.testing.assert_allclose(sampled.mean(axis=1), kl(), atol=0.03)


def test_the_prior_learns(vae):
    names = {weight.path.split("/")[0] for weight in vae.trainable_variables}
    assert {"prior_shift", "prior_log_scale"} <= names


def test_the_encoder_gives_the_code_and_where_it_comes_from(files):
    session = onnxruntime.InferenceSession(str(files[0]))
    assert [output.name for output in session.get_outputs()] == ["z", "u_log_var", "u_mean"]
    z, log_var, mean = session.run(None, {"image": np.float32(PIXELS / 255)})
    np.testing.assert_allclose(mean, X @ WEIGHT.T, atol=1e-6)
    np.testing.assert_allclose(z, (mean - SHIFT) / SCALE, atol=1e-6)
    np.testing.assert_allclose(log_var, [LOG_VAR] * 5, rtol=1e-6)


def test_samples_come_from_the_learned_prior(files):
    z = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    expected = (SHIFT + SCALE * z) @ WEIGHT + BIAS
    np.testing.assert_allclose(Decoder(files[2])(z).reshape(7, 6), expected, atol=1e-5)


def test_reconstructions_come_from_the_mean_of_q(test_images):
    q, decoder = test_images
    expected = X @ WEIGHT.T @ WEIGHT + BIAS
    np.testing.assert_allclose(decoder(q.z).reshape(5, 6), expected, atol=1e-5)
    np.testing.assert_allclose(q.centre, X @ WEIGHT.T, atol=1e-6)


def test_draws_have_the_density_of_z(test_images):
    q, _ = test_images
    noise = np.random.default_rng(0).normal(size=(5, 3, 2)).astype(np.float32)
    z, log_q, _ = q.draw(noise)
    mean, deviation = (X @ WEIGHT.T - SHIFT) / SCALE, np.exp(LOG_VAR / 2) / SCALE
    expected = stats.norm(mean[:, None], deviation).logpdf(z).sum(axis=2)
    np.testing.assert_allclose(z, mean[:, None] + deviation * noise, atol=1e-5)
    np.testing.assert_allclose(log_q, expected, atol=1e-4)


def test_bounds_are_the_closed_forms(test_images):
    q, decoder = test_images
    terms = bounds.terms(q, decoder, gaussian.log_likelihood, draws=4000, seed=0)
    spread = (np.exp(LOG_VAR) * (WEIGHT**2).sum(axis=1)).sum() / SIGMA**2
    at_mean = stats.norm(X @ WEIGHT.T @ WEIGHT + BIAS, SIGMA).logpdf(X).sum(axis=1)
    expected = at_mean - spread / 2 - kl()
    elbo = (terms.log_p - terms.kl.sum(axis=2)).mean(axis=1)
    np.testing.assert_allclose(elbo, expected, atol=0.15)

    covariance = (WEIGHT.T * SCALE**2) @ WEIGHT + SIGMA**2 * np.eye(6)
    log_p = stats.multivariate_normal(SHIFT @ WEIGHT + BIAS, covariance).logpdf(X)
    bound = bounds.importance_weighted_nll(q, decoder, gaussian.log_likelihood, 20_000, seed=0)
    np.testing.assert_allclose(bound, -log_p, atol=0.15)
    exact = bounds.exact_nll(PIXELS, decoder, gaussian.log_likelihood, side=101)
    np.testing.assert_allclose(exact, -log_p, rtol=1e-4)


def test_metrics_have_the_kl_by_group(test_images, tmp_path):
    q, decoder = test_images

    def posterior(_):
        return q

    split = Split(PIXELS, np.zeros(5, int))
    counts = {"draws": 50, "samples": 10, "images": 5}
    data = Images(split, split)
    metrics, _ = testset.evaluate(data, posterior, decoder, "gaussian", 0, **counts)
    (group,) = metrics["kl_per_group"]["value"]
    assert group == pytest.approx(metrics["kl"]["value"])
    assert group == pytest.approx(kl().mean(), abs=0.3)
    assert "kl_per_dimension" not in metrics
    assert metrics["elbo"]["sampling_error"] > 0
