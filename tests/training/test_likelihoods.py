"""Likelihoods in networks of theirs: trained, written, and read again as everybody reads them."""

import keras
import numpy as np
import pytest

from tests.helpers.networks import ABOUT
from tests.models.test_models import perturb, run_of
from vae import likelihoods
from vae.data.images import Images, Split
from vae.latent.onnx import Decoder
from vae.training import export, fit

SETTINGS = {
    "gaussian_rgb": {"model": "resnet"},
    "logistic_mixture": {"model": "ladder", "components": 2},
}


@pytest.fixture(scope="module", params=SETTINGS)
def trained(request, tmp_path_factory):
    """The name of a likelihood, images, and the VAE and the files of a run that has it."""
    run = run_of(**SETTINGS[request.param], likelihood=request.param, epochs=1)
    pixels = np.random.default_rng(0).integers(0, 256, (24, 9, 10, 3), np.uint8)
    split = Split(pixels, np.zeros(24, int))
    vae = fit.train(Images(split, split[:8]), run).vae
    perturb(vae, np.random.default_rng(0))
    folder = tmp_path_factory.mktemp(request.param)
    networks = export.networks(vae)
    paths = [folder / f"{name}.keras" for name in ("encoder", "decoder", "vae")]
    export.save_keras(networks, *paths)
    latent = {"groups": [{"name": "code", "dimensions": 2}]}
    about = ABOUT | {"latent": ABOUT["latent"] | latent}
    export.write_onnx(networks.decoder, folder / "decoder.onnx", about)
    return request.param, pixels, networks, folder


def test_files_give_the_likelihood_that_was_trained(trained):
    name, pixels, networks, folder = trained
    likelihood = likelihoods.get(name)
    x = np.float32(pixels[:4] / 255)
    z = np.random.default_rng(0).normal(size=(4, networks.decoder.input.shape[1]))
    z = z.astype(np.float32)
    decoder = Decoder(folder / "decoder.onnx")
    parameters = decoder.parameters(z)
    in_keras = networks.decoder(z)
    assert set(parameters) == set(in_keras)
    for key, value in in_keras.items():
        np.testing.assert_allclose(parameters[key], value, atol=1e-4, err_msg=key)
    log_p = np.diag(likelihood.log_likelihood(x.reshape(4, -1), parameters))
    np.testing.assert_allclose(log_p, likelihood.log_prob(x, in_keras), rtol=1e-4)
    np.testing.assert_array_equal(decoder(z), parameters["mean"])
    assert parameters["mean"].min() >= 0
    assert parameters["mean"].max() <= 1
    drawn = likelihood.sample(parameters, np.random.default_rng(0))
    assert (drawn.shape, drawn.dtype) == ((4, 9, 10, 3), np.uint8)


def test_keras_files_are_of_stock_layers(trained):
    _, _, networks, folder = trained
    z = np.random.default_rng(0).normal(size=(2, networks.decoder.input.shape[1]))
    decoder = keras.saving.load_model(folder / "decoder.keras", safe_mode=True)
    np.testing.assert_allclose(decoder(z), networks.decoder(z)["mean"], atol=1e-6)
