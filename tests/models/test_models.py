"""Every network, on images of every size: shapes, odd sizes, ONNX, one step of training."""

import math

import keras
import numpy as np
import onnxruntime
import pytest

from tests.helpers.config import RUN
from tests.helpers.networks import ABOUT
from vae.data.images import Images, Split
from vae.latent.onnx import Decoder, Encoder, Posterior
from vae.latent.posteriors import log_normal
from vae.models import maps, spatial
from vae.plan.parts import parts
from vae.plan.run_settings import MODELS, RunSettings
from vae.training import export, fit

# What each file gives first.
FILES = {"encoder": ["z"], "posterior": ["z", "log_q", "kl"], "decoder": ["mean"]}
SMALL = {"filters": 4, "intermediate_dim": 8, "latent_channels": 2, "levels": 2}
CONDITIONAL = [m for m in MODELS if parts("models")[m].constants.get("CONDITIONAL", True)]


def run_of(model, shape=(8, 8, 1), **changes):
    run = {k: v for k, v in RUN.items() if k != "intermediate_dim"} | {"model": model}
    settings = parts("models")[model].settings
    run |= {key: SMALL.get(key, setting["default"]) for key, setting in settings.items()}
    if model == "spatial":
        run["latent_dim"] = 2 * math.prod(spatial.positions(shape))
    return RunSettings(**run | changes)


def perturb(vae, rng, by=0.05):
    """Move all weights, so that nothing is at zero any more, where it began."""
    for weight in vae.trainable_variables:
        weight.assign(weight + by * rng.standard_normal(weight.shape))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", [(8, 8, 1), (32, 32, 3), (37, 50, 3), (92, 92, 3), (1, 3, 1)])
def test_images_come_back_in_their_shape(model, shape):
    run = run_of(model, shape, likelihood="gaussian")
    vae = fit.build(shape, run)
    networks = export.networks(vae)
    x = np.random.default_rng(0).random((2, *shape), np.float32)
    z = networks.encoder(x)["z"]
    assert vae.groups[0] == ("code", (run.latent_dim,))
    assert z.shape == (2, vae.latent_size)
    mean = np.asarray(networks.decoder(z)["mean"])
    assert mean.shape == x.shape
    assert mean.min() >= 0
    assert mean.max() <= 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_training_and_onnx(model, likelihood, tmp_path):
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (8, 18, 20, 3), np.uint8), np.zeros(8, int))
    run = run_of(model, (18, 20, 3), likelihood=likelihood, epochs=1)
    vae, history, _ = fit.train(Images(split, split), run)
    assert np.isfinite(history.loss[0])
    perturb(vae, rng)
    networks = export.networks(vae)
    export.save_onnx(networks, *(tmp_path / f"{name}.onnx" for name in FILES), ABOUT)
    values = {
        "image": split.pixels / np.float32(255),
        "noise": rng.normal(size=(8, vae.latent_size)).astype(np.float32),
        "z": rng.normal(size=(8, vae.latent_size)).astype(np.float32),
    }
    for name, wanted in FILES.items():
        session = onnxruntime.InferenceSession(str(tmp_path / f"{name}.onnx"))
        names = [i.name for i in getattr(networks, name).inputs]
        inputs = [values[name] for name in names]
        expected = getattr(networks, name)(inputs if inputs[1:] else inputs[0])
        feed = dict(zip(names, inputs, strict=True))
        outputs = [output.name for output in session.get_outputs()]
        assert set(outputs) == set(expected)
        assert outputs[: len(wanted)] == wanted
        for output, value in zip(outputs, session.run(None, feed), strict=True):
            np.testing.assert_allclose(value, expected[output], rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_the_kl_is_the_expectation_of_the_difference_of_the_densities(model):
    vae, rng, draws = fit.build((8, 8, 1), run_of(model)), np.random.default_rng(0), 10_000
    perturb(vae, rng, by=0.2)
    image = np.repeat(rng.random((1, 8, 8, 1), np.float32), draws, axis=0)
    noise = rng.standard_normal((draws, vae.latent_size), np.float32)
    drawn = export.networks(vae).posterior.predict([image, noise], 1000, verbose=0)
    kl = drawn["kl"].sum(axis=1)
    assert kl.mean() > 0.1
    difference = drawn["log_q"] - log_normal(drawn["z"]) - kl
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(draws)


@pytest.mark.parametrize("model", CONDITIONAL)
def test_conditional_models(model, tmp_path):
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (12, 9, 8, 3), np.uint8), rng.integers(0, 3, 12))
    run = run_of(model, likelihood="gaussian", conditional=True, epochs=1)
    vae = fit.train(Images(split, split, ("a", "b", "c")), run).vae
    names = ("e.keras", "d.keras", "v.keras", "e.onnx", "p.onnx", "d.onnx")
    paths = [tmp_path / name for name in names]
    networks = export.networks(vae)
    export.save_keras(networks, *paths[:3])
    export.save_onnx(networks, *paths[3:], ABOUT)
    encoder, posterior, decoder = Encoder(paths[3]), Posterior(paths[4]), Decoder(paths[5])
    assert encoder.classes == posterior.classes == decoder.classes == 3
    z_mean = encoder(split.pixels, split.labels)
    still = np.zeros_like(z_mean)
    np.testing.assert_allclose(posterior(split.pixels, still, split.labels)[0], z_mean, atol=1e-5)
    mean = decoder(z_mean.reshape(4, 3, 2), split.labels.reshape(4, 3)).reshape(12, 9, 8, 3)
    inputs = [split.pixels / np.float32(255), np.eye(3, dtype=np.float32)[split.labels]]
    np.testing.assert_allclose(z_mean, vae.encoder(inputs)["z_mean"], atol=1e-4)
    whole = keras.saving.load_model(paths[2], safe_mode=True)
    np.testing.assert_allclose(mean, whole(inputs), atol=1e-4)
    assert np.abs(decoder(z_mean, split.labels) - decoder(z_mean, 0)).max() > 1e-4
    with pytest.raises(ValueError, match="needs labels"):
        decoder(z_mean)


@pytest.mark.parametrize(
    ("size", "count"),
    [(1, 0), (8, 0), (16, 0), (17, 1), (28, 1), (32, 1), (92, 3), (128, 3), (256, 4)],
)
def test_images_are_halved_down_to_16(size, count):
    assert maps.halvings((size, size, 3)) == count


@pytest.mark.parametrize("shape", [(32, 32, 3), (92, 92, 3)])
def test_transposed_convolutions_keep_the_size_of_values_at_first(shape):
    decoder = fit.build(shape, run_of("conv", filters=32)).decoder
    maps = keras.Model(decoder.input, [decoder.get_layer(n).output for n in ("map", "conv_1")])
    z = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    before, after = (np.square(value).mean() for value in maps(z))
    assert 0.5 < after / before < 2


def test_a_convolutional_posterior_has_the_variance_of_the_prior_at_first():
    encoder = fit.build((32, 32, 3), run_of("conv")).encoder
    x = np.random.default_rng(0).random((4, 32, 32, 3), np.float32)
    assert not np.any(encoder(x)["z_log_var"])


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (92, 92, 3)])
def test_no_channel_of_the_first_convolution_is_dead_at_first(shape):
    encoder = fit.build(shape, run_of("conv")).encoder
    first = keras.Model(encoder.input, encoder.get_layer("conv_0").output)
    x = np.random.default_rng(0).random((4, *shape), np.float32)
    assert np.all(np.asarray(first(x)) > 0)


def test_each_channel_of_the_first_convolution_follows_one_of_the_image_at_first():
    encoder = fit.build((8, 8, 3), run_of("conv")).encoder
    first = keras.Model(encoder.input, encoder.get_layer("conv_0").output)
    x = np.broadcast_to(np.eye(3, dtype=np.float32)[:, None, None], (3, 8, 8, 3))
    np.testing.assert_array_equal(np.asarray(first(x)).max(axis=(1, 2)) > 0, np.eye(3, dtype=bool))
