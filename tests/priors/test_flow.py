"""The flow with large random weights, as training could leave it; and one that was trained."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy import stats

from tests.helpers.config import run_settings
from tests.helpers.networks import ABOUT
from vae.data.images import Images, Split
from vae.latent.onnx import Decoder, Encoder, Posterior
from vae.latent.posteriors import log_normal
from vae.priors import flow
from vae.training import export, fit
from vae.training.engine import choose

CODES = np.random.default_rng(0).normal(0, 2, (50, 5)).astype(np.float32)
LABELS = np.eye(3, dtype=np.float32)[np.arange(50) % 3]
SETTINGS = {"prior": "flow", "couplings": 3, "flow_hidden": 8}


def build(latent_dim=5, classes=0):
    return flow.build(latent_dim, run_settings(**SETTINGS), classes)


@pytest.fixture(scope="module")
def conditional():
    """A conditional prior of five dimensions, and its stock layers."""
    prior = build(classes=3)
    rng = np.random.default_rng(1)
    for weight in prior.forward.weights:
        weight.assign(rng.normal(weight, 0.5))
    return prior, prior.stock()


@pytest.mark.parametrize("latent_dim", [2, 5])
def test_before_training_it_is_the_identity(latent_dim):
    prior = build(latent_dim)
    u = CODES[:, :latent_dim]
    for forward in (prior.forward, prior.stock().forward):
        mapped = forward(u)
        np.testing.assert_array_equal(mapped["z"], u)
        np.testing.assert_array_equal(mapped["log_det"], np.zeros((50, 1)))
    np.testing.assert_array_equal(prior.stock().inverse(u), u)


@pytest.mark.parametrize("latent_dim", [2, 5, 8])
def test_every_two_couplings_change_every_dimension_once(latent_dim):
    changed = flow._changed(latent_dim, 6, seed=0)
    np.testing.assert_array_equal(changed[::2] + changed[1::2], np.ones((3, latent_dim)))
    assert set(changed.sum(axis=1)) == {latent_dim // 2, (latent_dim + 1) // 2}
    assert len(flow._changed(latent_dim, 5, seed=0)) == 5
    np.testing.assert_array_equal(changed, flow._changed(latent_dim, 6, seed=0))


def test_the_inverse_leads_back(conditional):
    prior, stock = conditional
    z = ops.convert_to_numpy(prior.forward([CODES, LABELS])["z"])
    assert np.abs(z - CODES).max() > 3
    np.testing.assert_allclose(stock.inverse([z, LABELS]), CODES, atol=1e-3)
    other = stock.inverse([z, np.roll(LABELS, 1, axis=1)])
    assert np.abs(other - CODES).max() > 0.1


def test_log_det_is_that_of_the_jacobian(conditional):
    u = tf.constant(CODES)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(u)
        mapped = conditional[0].forward([u, LABELS])
        dimensions = tf.unstack(mapped["z"], axis=1)
    jacobian = np.stack([tape.gradient(z, u) for z in dimensions], axis=1)
    log_det = np.linalg.slogdet(jacobian.astype(float)).logabsdet
    assert np.ptp(log_det) > 1
    np.testing.assert_allclose(mapped["log_det"][:, 0], log_det, atol=1e-4)


def test_stock_layers_give_the_same_values_and_gradients(conditional):
    prior, stock = conditional
    u, label = tf.constant(CODES), tf.constant(LABELS)

    def values_and_gradients(forward, kernel):
        with tf.GradientTape() as tape:
            tape.watch(u)
            mapped = forward([u, label])
            loss = tf.reduce_sum(tf.sin(mapped["z"])) + tf.reduce_sum(tf.square(mapped["log_det"]))
        return [mapped["z"], mapped["log_det"], *tape.gradient(loss, [u, kernel.value])]

    *trained, stacked = values_and_gradients(prior.forward, prior.forward.hidden_kernel)
    first = next(w for w in stock.forward.trainable_weights if w.name == "kernel")
    *files, kernel = values_and_gradients(stock.forward, first)
    for ours, theirs in zip(trained, files, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    seen = prior.forward.seen[0]
    np.testing.assert_allclose(stacked[0], kernel * seen, rtol=1e-4, atol=1e-4)
    assert np.abs(stacked[0]).max() > 1


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A VAE with a flow, trained in bfloat16 on bright and dark images; its images and files."""
    rng = np.random.default_rng(0)
    labels = np.arange(64) % 2
    pixels = rng.integers(0, 100, (64, 4, 4, 1), np.uint8)
    pixels[labels == 1] += 150
    split = Split(pixels, labels)
    settings = SETTINGS | {"latent_dim": 3, "epochs": 60, "batch_size": 64, "conditional": True}
    run = run_settings(**settings, precision="mixed_bfloat16", learning_rate=0.03)
    vae = fit.train(Images(split, split, ("dark", "bright")), run).vae
    folder = tmp_path_factory.mktemp("flow")
    networks = export.networks(vae)
    names = ("encoder", "decoder", "vae")
    export.save_keras(networks, *(folder / f"{name}.keras" for name in names))
    names = ("encoder", "posterior", "decoder")
    export.save_onnx(networks, *(folder / f"{name}.onnx" for name in names), ABOUT)
    return vae, split, folder


def test_it_computes_in_float32_whatever_the_precision():
    run = run_settings(**SETTINGS, latent_dim=3, precision="mixed_bfloat16")
    vae = fit.build((4, 4, 1), run, engine=choose(run, threads=1))
    assert vae.encoder.layers[2].compute_dtype == "bfloat16"
    assert vae.prior.forward.compute_dtype == "float32"
    assert {weight.dtype for weight in vae.prior.forward.weights} == {"float32"}
    assert vae.prior.forward(CODES[:, :3])["z"].dtype == "float32"


def test_onnx_files_of_a_trained_flow_give_what_was_trained(trained):
    vae, split, folder = trained
    encoder, posterior, decoder = (
        kind(folder / f"{kind.__name__.lower()}.onnx") for kind in (Encoder, Posterior, Decoder)
    )
    label = np.eye(2, dtype=np.float32)[split.labels]
    names = ("z", "u_mean", "u_log_var")
    encoded = encoder.outputs(names, split.pixels, split.labels)
    mapped = vae.prior.forward([encoded["u_mean"], label])
    assert np.abs(encoded["z"] - encoded["u_mean"]).max() > 0.1
    np.testing.assert_allclose(encoded["z"], mapped["z"], atol=1e-4)
    expected = vae.decoder([encoded["u_mean"], label])["mean"]
    np.testing.assert_allclose(decoder(encoded["z"], split.labels), expected, atol=1e-4)
    noise = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
    z, log_q, _ = posterior(split.pixels, noise, split.labels)
    u = encoded["u_mean"] + np.exp(encoded["u_log_var"] / 2) * noise
    mapped = vae.prior.forward([u, label])
    log_q_of_u = log_normal(noise) - encoded["u_log_var"].sum(axis=1) / 2
    np.testing.assert_allclose(z, mapped["z"], atol=1e-4)
    np.testing.assert_allclose(log_q, log_q_of_u - mapped["log_det"][:, 0], atol=1e-3)


def test_keras_files_are_of_stock_layers(trained):
    _, split, folder = trained
    models = {
        name: keras.saving.load_model(folder / f"{name}.keras", safe_mode=True)
        for name in ("encoder", "decoder", "vae")
    }
    image, label = split.pixels / np.float32(255), np.eye(2, dtype=np.float32)[split.labels]
    z = np.asarray(models["encoder"]([image, label])["z"])
    mean = models["decoder"]([z, label])
    np.testing.assert_allclose(mean, models["vae"]([image, label]), atol=1e-4)
    for layer in (layer for model in models.values() for layer in model._flatten_layers()):
        assert type(layer).__module__.startswith("keras.")


def test_draws_have_a_density_and_their_kl_is_that_from_the_prior(trained):
    """The mean of r(z) / q(z|x), with z from q(z|x), is 1 for any density r."""
    _, split, folder = trained
    count = 10_000
    image, label = (np.repeat(values[:1], count, axis=0) for values in (split.pixels, split.labels))
    noise = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    z, log_q, kl = Posterior(folder / "posterior.onnx")(image, noise, label)
    r = stats.multivariate_normal(z.mean(axis=0), 0.7 * np.cov(z.T))
    for values, expected in (
        (np.exp(r.logpdf(z) - log_q), 1),
        (log_q - log_normal(z), kl.sum(axis=1).mean()),
    ):
        assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(count)
