import numpy as np
import pytest
from scipy import stats

from tests.helpers.networks import BIAS, PIXELS, SIGMA, WEIGHT, gaussian_decoder
from vae.data import images
from vae.evaluation import testset
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior, Gaussian
from vae.likelihoods import gaussian


def test_bits_per_dimension_are_sums_of_masses(tmp_path):
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", WEIGHT)
    z_mean = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    encoded = Gaussian(PIXELS, z_mean, np.full_like(z_mean, -40))  # z is its mean
    bits = testset.bits_per_dimension(encoded, decoder, gaussian.log_mass, draws=2, seed=0)
    for image, z, kl, value in zip(PIXELS, z_mean, encoded.kl, bits, strict=True):
        nats = kl.sum()
        for k, mean in zip(image.ravel(), z @ WEIGHT + BIAS, strict=True):
            normal = stats.norm(mean, SIGMA)
            low = normal.cdf((k - 0.5) / 255) if k > 0 else 0
            nats -= np.log((normal.cdf((k + 0.5) / 255) if k < 255 else 1) - low)
        np.testing.assert_allclose(value, nats / np.log(2) / 6, rtol=1e-6)


def test_active_units_are_those_whose_mean_varies():
    z_mean = np.random.default_rng(0).normal(size=(1000, 3)) * [1, 0.2, 0.05] + [0, 0, 5]
    assert testset.active_units(z_mean) == 2


def test_standard_errors_are_those_of_the_means(run):
    arguments = run("bernoulli", 2)
    data = images.load(arguments["path_to_images"])
    paths = (arguments[f"path_to_{name}"] for name in ("encoder", "posterior"))
    posterior, decoder = ApproximatePosterior(*paths), Decoder(arguments["path_to_decoder"])
    results = testset.evaluate(data, posterior, decoder, "bernoulli", 0, 50, 1, 4)
    kl = posterior(data.test).kl.sum(axis=1)
    assert results["kl"]["standard_error"] == pytest.approx(stats.sem(kl))
    means = [
        testset.evaluate(data, posterior, decoder, "bernoulli", seed, 50, 1, 1)["elbo"]["value"]
        for seed in range(30)
    ]
    assert results["elbo"]["sampling_error"] == pytest.approx(np.std(means), rel=0.4)
