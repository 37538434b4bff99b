"""From the files of a run to metrics.json."""

import json

import numpy as np
import pytest

from tests.helpers.networks import PIXELS, bernoulli_decoder
from vae.data import images
from vae.data.images import Images, Split
from vae.evaluation.run import evaluate
from vae.services.errors import UserError

NAMES = ("images", "encoder", "posterior", "decoder", "run")
COUNTS = {"draws": 50, "samples": 100, "images": 4, "scores": "some"}
ALWAYS = (
    "elbo reconstruction kl kl_per_dimension active_units nll_importance_weighted "
    "mse psnr ssim pca_mse pca_psnr pca_ssim"
).split()


def evaluated(files, counts=COUNTS, **settings):
    """metrics.json of a run with other settings in its record."""
    record = json.loads(files["path_to_run"].read_text())
    record["settings"] |= settings
    files["path_to_run"].write_text(json.dumps(record))
    paths = {f"path_to_{name}": files[f"path_to_{name}"] for name in NAMES}
    path = files["path_to_run"].with_name("metrics.json")
    scores = path.with_name("scores.parquet")
    evaluate(**paths, path_to_metrics=path, path_to_scores=scores, evaluation=counts, threads=1)
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    ("likelihood", "latent_dim", "more"),
    [
        ("bernoulli", 3, []),
        ("bernoulli", 2, ["nll_exact"]),
        ("gaussian", 1, ["nll_exact", "bits_per_dimension"]),
    ],
)
def test_every_metric_has_a_value_and_a_unit(run, caplog, likelihood, latent_dim, more):
    caplog.set_level("INFO", logger="vae")  # what a job writes to its log
    files = run(likelihood, latent_dim)
    result = evaluated(files)
    assert "elbo: -" in caplog.text
    assert (result["dataset"], result["run"]) == ("tiny", f"ld_{latent_dim}")
    assert result["evaluation"] == COUNTS
    metrics = result["metrics"]
    assert result["notes"] == []
    assert sorted(metrics) == sorted(ALWAYS + more)
    for name, metric in metrics.items():
        assert metric["unit"]
        of_drawn = name in ("nll_importance_weighted", "nll_exact")
        assert metric["images"] == (4 if of_drawn else 8)
        assert ("correction" in metric) == of_drawn
        has_none = ("kl_per_dimension", "active_units")
        assert ("standard_error" in metric) == (name not in has_none)
        assert ("sampling_error" in metric) == (name in ("elbo", "reconstruction"))
    value = {name: metric["value"] for name, metric in metrics.items()}
    assert value["elbo"] == pytest.approx(-value["reconstruction"] - value["kl"])
    assert value["kl"] == pytest.approx(sum(value["kl_per_dimension"]))

    assert evaluated(files) == result


def test_the_elbo_is_the_true_one_whatever_weight_the_training_gave_the_kl(run):
    files = run("bernoulli", 2)
    results = [evaluated(files, beta=beta)["metrics"] for beta in (0.0, 1.0, 4.0)]
    assert results[0] == results[1] == results[2]
    value = {name: metric["value"] for name, metric in results[2].items()}
    assert value["kl"] > 1
    assert value["elbo"] == pytest.approx(-value["reconstruction"] - value["kl"])


def test_a_conditional_run_says_what_its_likelihoods_are_of(run):
    files = run("bernoulli", 2)
    assert evaluated(files, conditional=False)["notes"] == []
    assert "given their class" in evaluated(files, conditional=True)["notes"][0]


def test_binary_images_are_drawn_once_for_every_run_and_pca_sees_them_too(run):
    files = run("bernoulli", 2)
    gray = evaluated(files)["metrics"]
    binary, other = (evaluated(files, binarize="dynamic", seed=seed)["metrics"] for seed in (0, 1))
    for name in ("elbo", "mse", "pca_mse", "pca_ssim"):
        assert binary[name]["value"] != pytest.approx(gray[name]["value"], rel=1e-3)
    assert binary["mse"] == other["mse"]


def test_bits_of_bernoulli_are_of_black_and_white_images_alone(run):
    files = run("bernoulli", 2)
    assert "bits_per_dimension" not in evaluated(files)["metrics"]
    metrics = evaluated(files, binarize="dynamic")["metrics"]
    bits = -metrics["elbo"]["value"] / np.log(2) / 6
    assert metrics["bits_per_dimension"]["value"] == pytest.approx(bits)


def test_without_test_images_there_is_nothing_to_evaluate(run):
    files = run("bernoulli", 2)
    data = images.load(files["path_to_images"])
    images.save(Images(data.train, Split(PIXELS[:0], np.zeros(0, int))), files["path_to_images"])
    with pytest.raises(UserError, match="no test images"):
        evaluated(files)


def test_a_run_that_diverged_says_so(run):
    files = run("bernoulli", 2)
    bernoulli_decoder(files["path_to_decoder"], np.full((2, 6), np.nan))
    with pytest.raises(UserError, match="diverged"):
        evaluated(files)
