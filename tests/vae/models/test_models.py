"""Every network, on images of every size: shapes, odd sizes, ONNX, one step of training."""

import numpy as np
import onnxruntime
import pytest

from scripts.vae import export, training
from scripts.vae.config import MODELS
from scripts.vae.images import Images, Split
from scripts.vae.models import conv
from scripts.vae.runs import model_defaults
from tests.vae.test_elbo import RUN

SMALL = {"filters": 4, "intermediate_dim": 8}


def run_of(model, **changes):
    run = {k: v for k, v in RUN.items() if k != "intermediate_dim"} | {"model": model}
    return run | {key: SMALL[key] for key in model_defaults(model) if key in SMALL} | changes


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", [(8, 8, 1), (32, 32, 3), (37, 50, 3), (92, 92, 3), (1, 3, 1)])
def test_images_come_back_in_their_shape(model, shape):
    vae = training.build(shape, run_of(model, likelihood="gaussian"))
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
    vae, history = training.fit(
        Images(split, split), run_of(model, likelihood=likelihood, epochs=1)
    )
    assert np.isfinite(history.loss[0])
    export.save_onnx(vae, tmp_path / "encoder.onnx", tmp_path / "decoder.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "decoder.onnx"))
    z = rng.normal(size=(3, 2)).astype(np.float32)
    names = [output.name for output in session.get_outputs()]
    for name, value in zip(names, session.run(names, {"z": z}), strict=True):
        np.testing.assert_allclose(value, vae.decoder(z)[name], atol=1e-5)


@pytest.mark.parametrize(
    ("size", "count"),
    [(1, 0), (8, 0), (16, 0), (17, 1), (28, 1), (32, 1), (92, 3), (128, 3), (256, 4)],
)
def test_images_are_halved_down_to_16(size, count):
    assert conv.halvings((size, size, 3)) == count
