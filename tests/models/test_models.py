"""Every network, on images of every size: shapes, odd sizes, ONNX, one step of training."""

import keras
import numpy as np
import onnxruntime
import pytest

from tests.helpers.config import RUN
from vae.data.images import Images, Split
from vae.latent.onnx import Decoder, Encoder
from vae.models import conv
from vae.plan.config import MODELS, RunSettings
from vae.plan.parts import parts
from vae.training import export, fit

SMALL = {"filters": 4, "intermediate_dim": 8}


def run_of(model, **changes):
    run = {k: v for k, v in RUN.items() if k != "intermediate_dim"} | {"model": model}
    run |= {key: SMALL[key] for key in parts("models")[model].settings if key in SMALL}
    return RunSettings(**run | changes)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", [(8, 8, 1), (32, 32, 3), (37, 50, 3), (92, 92, 3), (1, 3, 1)])
def test_images_come_back_in_their_shape(model, shape):
    vae = fit.build(shape, run_of(model, likelihood="gaussian"))
    x = np.random.default_rng(0).random((2, *shape), np.float32)
    code = vae.encoder(x)
    assert code["z_mean"].shape == code["z_log_var"].shape == (2, 2)
    mean = np.asarray(vae.decoder(code["z_mean"])["mean"])
    assert mean.shape == x.shape
    assert mean.min() >= 0
    assert mean.max() <= 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_training_and_onnx(model, likelihood, tmp_path):
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (8, 18, 20, 3), np.uint8), np.zeros(8, int))
    vae, history = fit.train(Images(split, split), run_of(model, likelihood=likelihood, epochs=1))
    assert np.isfinite(history.loss[0])
    export.save_onnx(vae, tmp_path / "encoder.onnx", tmp_path / "decoder.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "decoder.onnx"))
    z = rng.normal(size=(3, 2)).astype(np.float32)
    names = [output.name for output in session.get_outputs()]
    for name, value in zip(names, session.run(names, {"z": z}), strict=True):
        np.testing.assert_allclose(value, vae.decoder(z)[name], atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_conditional_models(model, tmp_path):
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (12, 9, 8, 3), np.uint8), rng.integers(0, 3, 12))
    run = run_of(model, likelihood="gaussian", conditional=True, epochs=1)
    vae = fit.train(Images(split, split, ("a", "b", "c")), run).vae
    paths = [tmp_path / name for name in ("e.keras", "d.keras", "v.keras", "e.onnx", "d.onnx")]
    export.save_keras(vae, *paths[:3])
    export.save_onnx(vae, *paths[3:])
    encoder, decoder = Encoder(paths[3]), Decoder(paths[4])
    assert encoder.classes == decoder.classes == 3
    z_mean, _ = encoder(split.pixels, split.labels)
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
    assert conv.halvings((size, size, 3)) == count


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
