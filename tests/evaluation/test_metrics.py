import json

import numpy as np
import pytest
from scipy import stats
from scipy.ndimage import gaussian_filter
from sklearn import decomposition

from scripts.evaluate import evaluate
from tests.helpers.networks import (
    BIAS,
    PIXELS,
    SHAPE,
    SIGMA,
    WEIGHT,
    bernoulli_decoder,
    gaussian_decoder,
    network,
)
from vae.data import images
from vae.data.images import Images, Split
from vae.evaluation import bounds, metrics
from vae.latent import mixture
from vae.latent.mixture import Mixture
from vae.latent.onnx import Classifier, Decoder, Encoder
from vae.services.errors import UserError


@pytest.fixture(params=[2**20, 50], ids=["at once", "in parts"])
def _batch(request, monkeypatch):
    monkeypatch.setattr(metrics, "BATCH", request.param)


def test_bits_per_dimension_are_sums_of_masses(tmp_path):
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", WEIGHT)
    z_mean = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    encoded = bounds.Encoded(PIXELS, z_mean, np.full_like(z_mean, -40))  # z is its mean
    bits = metrics.bits_per_dimension(encoded, decoder, draws=2, seed=0)
    for image, z, kl, value in zip(PIXELS, z_mean, encoded.kl, bits, strict=True):
        nats = kl.sum()
        for k, mean in zip(image.ravel(), z @ WEIGHT + BIAS, strict=True):
            normal = stats.norm(mean, SIGMA)
            low = normal.cdf((k - 0.5) / 255) if k > 0 else 0
            nats -= np.log((normal.cdf((k + 0.5) / 255) if k < 255 else 1) - low)
        np.testing.assert_allclose(value, nats / np.log(2) / 6, rtol=1e-6)


def test_active_units_are_those_whose_mean_varies():
    z_mean = np.random.default_rng(0).normal(size=(1000, 3)) * [1, 0.2, 0.05] + [0, 0, 5]
    assert metrics.active_units(z_mean) == 2


def test_mse_and_psnr_are_those_of_each_image():
    x = np.zeros((3, 2, 2, 3), np.float32)
    y = x + np.array([0, 0.1, 1], np.float32)[:, None, None, None]
    np.testing.assert_allclose(metrics.mse(x, y), [0, 0.01, 1], rtol=1e-6)
    np.testing.assert_allclose(metrics.psnr(x, y), [100, 20, 0], atol=1e-5)


def wave(height, width, channels, frequency):
    i, j, k = np.indices((height, width, channels))
    return 0.5 + 0.5 * np.sin(frequency * i + 0.3 * frequency * j * j / width + k)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((16, 13, 1), 0.5001127326245588),
        ((16, 13, 3), 0.5429850820005206),
        ((11, 11, 1), 0.7731871963199013),
    ],
)
def test_ssim_is_what_scikit_image_gives(shape, expected):
    """By scikit-image 0.26.0, whose own steps come after it: borders are filtered and cut off."""
    x, y = wave(*shape, 0.5), 0.8 * wave(*shape, 0.6)
    np.testing.assert_allclose(metrics.ssim(x[None], y[None]), [expected], rtol=1e-12)

    def local(image):
        return gaussian_filter(image, (1.5, 1.5, 0), truncate=3.5)[5:-5, 5:-5]

    mx, my = local(x), local(y)
    vx, vy, cov = local(x * x) - mx**2, local(y * y) - my**2, local(x * y) - mx * my
    numerator = (2 * mx * my + 0.0001) * (2 * cov + 0.0009)
    similarity = numerator / ((mx**2 + my**2 + 0.0001) * (vx + vy + 0.0009))
    np.testing.assert_allclose(similarity.mean(), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(16, 13, 1), (8, 8, 3), (1, 1, 1), (2, 20, 1)])
def test_ssim_of_an_image_with_itself_is_one_at_any_size(shape):
    x = wave(*shape, 0.5).astype(np.float32)[None]
    np.testing.assert_allclose(metrics.ssim(x, x), [1], rtol=1e-12)
    assert metrics.ssim(x, x / 2) < 0.99


@pytest.mark.usefixtures("_batch")
@pytest.mark.parametrize("components", [1, 4])
def test_pca_is_that_of_scikit_learn(components):
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(300, 6)) * [40, 25, 20, 15, 10, 5]
    values = 128 + latent @ rng.normal(size=(6, 48)) + rng.normal(size=(300, 48))
    pixels = np.clip(values, 0, 255).astype(np.uint8).reshape(300, 4, 4, 3)
    x = pixels.reshape(300, -1) / 255
    reference = decomposition.PCA(components, svd_solver="full").fit(x)
    pca = metrics.PCA(pixels, components)
    cosines = np.abs((pca.components.T * reference.components_).sum(axis=1))
    np.testing.assert_allclose(cosines, 1, atol=1e-4)
    expected = np.clip(reference.inverse_transform(reference.transform(x)), 0, 1)
    np.testing.assert_allclose(pca(pixels).reshape(300, -1), expected, atol=1e-3)
    error = metrics.mse(pixels / 255, pca(pixels)).mean()
    np.testing.assert_allclose(error, np.square(x - expected).mean(), rtol=1e-4)


def test_pca_of_as_many_components_as_pixels_loses_nothing():
    np.testing.assert_allclose(metrics.PCA(PIXELS, 1000)(PIXELS), PIXELS / 255, atol=1e-5)


@pytest.fixture
def run(tmp_path):
    """Return the arguments of the script for an untrained run of so many latent dimensions."""

    def write(likelihood, latent_dim):
        rng = np.random.default_rng(0)
        weight = rng.normal(size=(latent_dim, 6)) / 10
        code = (rng.normal(size=(6, latent_dim)), np.zeros(latent_dim), (latent_dim,), "Identity")
        network(tmp_path / "encoder.onnx", "image", SHAPE, {"z_mean": code, "z_log_var": code})
        build = {"bernoulli": bernoulli_decoder, "gaussian": gaussian_decoder}[likelihood]
        build(tmp_path / "decoder.onnx", weight)
        settings = {"likelihood": likelihood, "seed": 0, "binarize": "none", "conditional": False}
        record = {"dataset": "tiny", "run": f"ld_{latent_dim}", "settings": settings}
        (tmp_path / "run.json").write_text(json.dumps(record))
        seen = (rng.normal(size=(6, 4)), np.zeros(4), (4,), "Identity")
        kinds = (rng.normal(size=(6, 2)), np.zeros(2), (2,), "Identity")
        outputs = {"features": seen, "logits": kinds}
        network(tmp_path / "classifier.onnx", "image", SHAPE, outputs)
        covariance = 0.1 * np.eye(latent_dim)[None]
        fitted = Mixture(np.ones(1), np.zeros((1, latent_dim)), covariance)
        mixture.save(fitted, tmp_path / "mixture.npz")
        pixels = rng.integers(0, 256, (20, *SHAPE), dtype=np.uint8)
        train, test = Split(pixels[:12], np.zeros(12, int)), Split(pixels[12:], np.zeros(8, int))
        images.save(Images(train, test, ("a", "b")), tmp_path / "images.npz")
        files = {"images": "images.npz", "run": "run.json", "path": "metrics.json"}
        files |= {name: f"{name}.onnx" for name in ("encoder", "decoder", "classifier")}
        files["path_to_mixture"] = "mixture.npz"
        return {name: tmp_path / file for name, file in files.items()} | {
            "evaluation": {"draws": 50, "samples": 100, "images": 4, "generated": 7},
            "threads": 1,
        }

    return write


def evaluated(arguments, **settings):
    """metrics.json of a run with other settings in its record."""
    record = json.loads(arguments["run"].read_text())
    record["settings"] |= settings
    arguments["run"].write_text(json.dumps(record))
    evaluate(**arguments)
    return json.loads(arguments["path"].read_text())


ALWAYS = (
    "elbo reconstruction kl kl_per_dimension active_units nll_importance_weighted "
    "mse psnr ssim pca_mse pca_psnr pca_ssim"
).split()

SIDES = ("prior", "mixture", "floor")
GENERATED = [f"classifier_{name}_{side}" for name in metrics.GENERATION for side in SIDES]
DISTANCES = [f"classifier_kernel_distance_{side}" for side in SIDES]


@pytest.mark.parametrize(
    ("likelihood", "latent_dim", "more"),
    [
        ("bernoulli", 3, []),
        ("bernoulli", 2, ["nll_exact"]),
        ("gaussian", 1, ["nll_exact", "bits_per_dimension"]),
    ],
)
def test_every_figure_has_a_value_and_a_unit(run, caplog, likelihood, latent_dim, more):
    caplog.set_level("INFO", logger="vae")  # what a job writes to its log
    arguments = run(likelihood, latent_dim)
    evaluate(**arguments)
    assert "elbo: -" in caplog.text
    text = arguments["path"].read_text()
    result = json.loads(text)
    assert (result["dataset"], result["run"]) == ("tiny", f"ld_{latent_dim}")
    assert result["evaluation"] == arguments["evaluation"]
    figures = result["metrics"]
    assert result["notes"] == []
    assert sorted(figures) == sorted(ALWAYS + more + GENERATED)
    counts = {"nll": 4, "classifier": 7}
    for name, figure in figures.items():
        assert figure["unit"]
        assert figure["images"] == counts.get(name.split("_")[0], 8)
        has_none = {"kl_per_dimension", "active_units", *GENERATED} - set(DISTANCES)
        assert ("standard_error" in figure) == (name not in has_none)
        assert ("sampling_error" in figure) == (name in ("elbo", "reconstruction"))
    value = {name: figure["value"] for name, figure in figures.items()}
    assert value["elbo"] == pytest.approx(-value["reconstruction"] - value["kl"])
    assert value["kl"] == pytest.approx(sum(value["kl_per_dimension"]))

    evaluate(**arguments)
    assert arguments["path"].read_text() == text


def test_standard_errors_are_those_of_the_means(run):
    arguments = run("bernoulli", 2)
    data = images.load(arguments["images"])
    encoder, decoder = Encoder(arguments["encoder"]), Decoder(arguments["decoder"])
    figures = metrics.evaluate(data, encoder, decoder, "bernoulli", 0, 50, 1, 4)
    z_mean, z_log_var = encoder(data.test.pixels)
    kl = bounds.Encoded(data.test.pixels, z_mean, z_log_var).kl.sum(axis=1)
    assert figures["kl"]["standard_error"] == pytest.approx(stats.sem(kl))
    means = [
        metrics.evaluate(data, encoder, decoder, "bernoulli", seed, 50, 1, 1)["elbo"]["value"]
        for seed in range(30)
    ]
    assert figures["elbo"]["sampling_error"] == pytest.approx(np.std(means), rel=0.4)


def test_generated_images_are_compared_with_test_images_as_bytes(run):
    """A decoder that gives the same gray image for every z, and a mixture with no spread."""
    arguments = run("gaussian", 2)
    data = images.load(arguments["images"])
    gray = Split(np.full((9, *SHAPE), 128, np.uint8), np.zeros(9, int))  # its mean: 127.5
    decoder = gaussian_decoder(arguments["decoder"], np.zeros((2, 6)))
    classifier = Classifier(arguments["classifier"])
    fitted = mixture.load(arguments["path_to_mixture"])

    def figures(data):
        rest = (decoder, fitted, classifier, 0, 1000)
        found = metrics.evaluate_generation(data, *rest)
        assert {figure["images"] for figure in found.values()} == {
            min(len(data.train), len(data.test))
        }
        return {name.removeprefix("classifier_"): f["value"] for name, f in found.items()}

    same = figures(Images(data.train, gray, ("a", "b")))
    for side in ("prior", "mixture"):
        assert same[f"frechet_distance_{side}"] == pytest.approx(0, abs=1e-9)
        assert same[f"precision_{side}"] == same[f"coverage_{side}"] == 1
        assert same[f"classes_covered_{side}"] == 1
    assert same["frechet_distance_floor"] > 0.1
    assert same["precision_floor"] == 0
    floor = figures(Images(data.test, data.test, ("a", "b")))
    assert floor["frechet_distance_floor"] == pytest.approx(0, abs=1e-9)
    assert floor["recall_floor"] == floor["classes_covered_floor"] == 1
    assert floor["frechet_distance_prior"] > 0.1


def test_what_a_run_on_binary_images_generates_is_compared_with_gray_ones(run):
    arguments = run("bernoulli", 2)
    found = [evaluated(arguments, binarize=kind)["metrics"] for kind in ("none", "dynamic")]
    assert found[0]["mse"] != found[1]["mse"]
    assert all(found[0][name] == found[1][name] for name in GENERATED)


def test_the_elbo_is_the_true_one_whatever_weight_the_training_gave_the_kl(run):
    arguments = run("bernoulli", 2)
    found = [evaluated(arguments, beta=beta)["metrics"] for beta in (0.0, 1.0, 4.0)]
    assert found[0] == found[1] == found[2]
    value = {name: figure["value"] for name, figure in found[2].items()}
    assert value["kl"] > 1
    assert value["elbo"] == pytest.approx(-value["reconstruction"] - value["kl"])


def test_a_conditional_run_says_what_its_likelihoods_are_of(run):
    arguments = run("bernoulli", 2)
    assert evaluated(arguments, conditional=False)["notes"] == []
    assert "given their class" in evaluated(arguments, conditional=True)["notes"][0]


def test_binary_images_are_drawn_once_for_every_run_and_pca_sees_them_too(run):
    arguments = run("bernoulli", 2)
    gray = evaluated(arguments)["metrics"]
    binary, other = (
        evaluated(arguments, binarize="dynamic", seed=seed)["metrics"] for seed in (0, 1)
    )
    for name in ("elbo", "mse", "pca_mse", "pca_ssim"):
        assert binary[name]["value"] != pytest.approx(gray[name]["value"], rel=1e-3)
    assert binary["mse"] == other["mse"]


@pytest.mark.parametrize("names", [(), ("all",)])
def test_without_labels_the_figures_that_need_them_are_missed_in_words(run, names):
    arguments = run("bernoulli", 2)
    data = images.load(arguments["images"])
    images.save(Images(data.train, data.test, names), arguments["images"])
    for classifier in (None, arguments["classifier"]):
        evaluate(**arguments | {"classifier": classifier})
        result = json.loads(arguments["path"].read_text())
        assert not set(GENERATED) & set(result["metrics"])
        assert "need labels" in result["notes"][0]


def test_too_few_images_to_compare_are_told(run):
    arguments = run("bernoulli", 2)
    data = images.load(arguments["images"])
    few = Split(data.train.pixels[:5], data.train.labels[:5])
    images.save(Images(few, data.test, ("a", "b")), arguments["images"])
    evaluate(**arguments)
    assert "here are 5" in json.loads(arguments["path"].read_text())["notes"][0]


def test_a_decoder_that_gives_no_numbers_for_the_prior_says_so(run):
    arguments = run("bernoulli", 2)
    decoder = bernoulli_decoder(arguments["decoder"], np.full((2, 6), np.nan))
    rest = (mixture.load(arguments["path_to_mixture"]), Classifier(arguments["classifier"]), 0, 7)
    with pytest.raises(UserError, match="diverged"):
        metrics.evaluate_generation(images.load(arguments["images"]), decoder, *rest)


def test_without_test_images_there_is_nothing_to_evaluate(run):
    arguments = run("bernoulli", 2)
    data = images.load(arguments["images"])
    images.save(Images(data.train, Split(PIXELS[:0], np.zeros(0, int))), arguments["images"])
    with pytest.raises(UserError, match="no test images"):
        evaluate(**arguments)


def test_a_run_that_diverged_says_so(run):
    arguments = run("bernoulli", 2)
    bernoulli_decoder(arguments["decoder"], np.full((2, 6), np.nan))
    with pytest.raises(UserError, match="diverged"):
        evaluate(**arguments)
