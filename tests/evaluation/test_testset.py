import numpy as np
import pytest
from scipy import stats

from tests.helpers.networks import BIAS, PIXELS, SIGMA, WEIGHT, gaussian_decoder
from vae.data import images
from vae.evaluation import bounds, testset
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior, Gaussian
from vae.likelihoods import bernoulli, gaussian


def test_bits_per_dimension_are_sums_of_masses(tmp_path):
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", WEIGHT)
    z_mean = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    encoded = Gaussian(PIXELS, z_mean, np.full_like(z_mean, -40))  # z is its mean
    elbo = bounds.terms(encoded, decoder, gaussian.log_mass, draws=2, seed=0).elbo
    bits = testset.bits_per_dimension(elbo, decoder.image_shape)
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


@pytest.fixture
def evaluated(run):
    """A function of the seed and `images`: the metrics of a run in two dimensions."""
    files = run("bernoulli", 2)
    data = images.load(files["path_to_images"])
    paths = (files[f"path_to_{name}"] for name in ("encoder", "posterior"))
    networks = (ApproximatePosterior(*paths), Decoder(files["path_to_decoder"]))

    def evaluate(seed=0, images=4):
        return testset.evaluate(data, *networks, "bernoulli", seed, 50, 1, images).metrics

    return evaluate, data.test, *networks


def test_standard_errors_are_those_of_the_means(evaluated):
    evaluate, test, posterior, _ = evaluated
    results = evaluate()
    kl = posterior(test).kl.sum(axis=1)
    assert results["kl"]["standard_error"] == pytest.approx(stats.sem(kl))
    means = [evaluate(seed, images=1)["elbo"]["value"] for seed in range(30)]
    assert results["elbo"]["sampling_error"] == pytest.approx(np.std(means), rel=0.4)


def test_large_images_have_no_exact_nll(evaluated, monkeypatch):
    evaluate, test, *_ = evaluated
    assert "nll_exact" in evaluate()
    monkeypatch.setattr(testset, "MOST_VALUES", test.pixels[0].size - 1)
    assert "nll_exact" not in evaluate()


def test_the_nll_is_of_images_drawn_at_random_the_same_for_every_run(evaluated):
    evaluate, test, _, decoder = evaluated
    exact = bounds.exact_nll(test.pixels, decoder, bernoulli.log_likelihood)
    rows = np.random.default_rng(0).permutation(8)[:4]
    for seed in (0, 1):
        nll = evaluate(seed)["nll_exact"]
        assert nll["value"] - nll["correction"] == pytest.approx(exact[rows].mean())
    for count in (8, 9):
        metrics = evaluate(images=count)
        assert metrics["nll_exact"]["value"] == pytest.approx(exact.mean())
        assert metrics["nll_importance_weighted"]["images"] == 8
        assert "correction" not in metrics["nll_importance_weighted"]


def test_the_nll_of_all_images_is_right_on_average_and_knows_its_error():
    rng = np.random.default_rng(0)
    values, errors, errors_of_drawn = [], [], []
    for _ in range(400):  # test sets, of which a sixth is drawn
        elbo = rng.normal(-100, 30, 300)
        rows = rng.permutation(300)[:50]
        nll = -elbo[rows] - rng.normal(5, 2, 50)
        metric = testset.nll_of_all("nll_exact", nll, elbo, rows)
        values.append(metric["value"])
        errors.append(metric["standard_error"])
        errors_of_drawn.append(stats.sem(nll))
    assert np.mean(values) == pytest.approx(95, abs=4 * np.std(values) / 20)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)
    assert np.mean(errors) < np.mean(errors_of_drawn) / 2


def test_the_nll_of_all_images_can_be_estimated_from_one():
    nll, elbo = np.array([6.0]), np.array([-3.0, -5.0, -7.0])
    metric = testset.nll_of_all("nll_exact", nll, elbo, np.array([2]))
    assert metric["value"] == pytest.approx(6 + 5 - 7)
    assert (metric["images"], metric["correction"]) == (1, pytest.approx(5 - 7))
