"""Scores of images, and maps of where they come from."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from tests.helpers.networks import network
from vae import likelihoods
from vae.data.images import Split
from vae.data.pixels import flat, to_unit
from vae.latent import scoring
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior

SHAPE = (16, 16, 1)
PIXELS = 256
RNG = np.random.default_rng(0)


@pytest.fixture(params=["bernoulli", "gaussian"])
def run(request, tmp_path):
    """A run whose code is the gray level of an image: its likelihood, posterior and decoder."""
    shade = np.full((PIXELS, 1), 4 / PIXELS)
    code = (shade, [-2.0], (1,), "Identity")
    no_variance = (0 * shade, [-4.0], (1,), "Identity")
    outputs = {"z": code, "z_mean": code, "z_log_var": no_variance}
    network(tmp_path / "encoder.onnx", "image", SHAPE, outputs)
    ones, zeros = np.ones((1, PIXELS)), np.zeros(PIXELS)
    outputs = {
        "bernoulli": {
            "mean": (ones, zeros, SHAPE, "Sigmoid"),
            "logits": (ones, zeros, SHAPE, "Identity"),
        },
        "gaussian": {
            "mean": (ones / 4, zeros + 0.5, SHAPE, "Identity"),
            "log_var": (np.zeros((1, 1)), [2 * np.log(0.03)], (1,), "Identity"),
        },
    }[request.param]
    network(tmp_path / "decoder.onnx", "z", (1,), outputs)
    posterior = ApproximatePosterior(tmp_path / "encoder.onnx", tmp_path / "posterior.onnx")
    return request.param, posterior, Decoder(tmp_path / "decoder.onnx")


def test_gray_images_are_ranked_by_their_error_not_by_their_gray_level(run):
    """One in a hundred has three times the error of the others."""
    likelihood, posterior, decoder = run
    odd = np.arange(1000) % 100 == 0
    gray, noise = RNG.uniform(0.3, 0.7, (1000, 1, 1, 1)), RNG.normal(size=(1000, *SHAPE))
    images = gray + 0.03 * np.where(odd, 3, 1)[:, None, None, None] * noise
    pixels = np.rint(255 * images.clip(0, 1)).astype(np.uint8)
    q = posterior(Split(pixels, np.zeros(1000, int)))
    assert roc_auc_score(odd, scoring.scored(q, decoder, likelihood).score) > 0.95
    if likelihood == "bernoulli":
        parameters = decoder.parameters(q.z)
        log_p = likelihoods.get("bernoulli").log_likelihood(flat(to_unit(pixels)), parameters)
        assert roc_auc_score(odd, -np.diag(log_p)) < 0.8


def test_an_error_map_shows_where_the_error_is_and_adds_up_to_it(run):
    likelihood, posterior, decoder = run
    pixels = np.full((1, *SHAPE), 128, np.uint8)
    pixels[0, 3:5, 11:13] = 255
    excess = scoring.scored(posterior(Split(pixels, np.zeros(1, int))), decoder, likelihood).excess
    (error_map,) = scoring.error_maps(excess, 1.0)
    assert np.unravel_index(error_map.argmax(), SHAPE[:2]) in [(3, 11), (3, 12), (4, 11), (4, 12)]
    np.testing.assert_allclose(error_map.sum(), excess.sum(), rtol=1e-4)


@pytest.mark.parametrize("sigma", [0, 0.5, 3])
def test_error_maps_are_smoothed_as_scipy_does(sigma):
    excess = RNG.random((2, 9, 14)).astype(np.float32)
    expected = ndimage.gaussian_filter(excess, (0, sigma, sigma))
    np.testing.assert_allclose(scoring.error_maps(excess, sigma), expected, atol=1e-5)


def test_the_default_sigma_follows_the_shorter_side():
    assert scoring.default_sigma((64, 96, 3)) == 2
