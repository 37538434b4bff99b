import json

import numpy as np
import pytest

from tests.helpers.networks import PIXELS, bernoulli_decoder
from vae.data import images
from vae.data.images import Images, Split
from vae.evaluation.metrics import METRICS
from vae.evaluation.run import evaluate
from vae.services.errors import UserError


def evaluated(arguments, **settings):
    """metrics.json of a run with other settings in its record."""
    record = json.loads(arguments["path_to_run"].read_text())
    record["settings"] |= settings
    arguments["path_to_run"].write_text(json.dumps(record))
    evaluate(**arguments)
    return json.loads(arguments["path_to_metrics"].read_text())


ALWAYS = (
    "elbo reconstruction kl kl_per_dimension active_units nll_importance_weighted "
    "mse psnr ssim pca_mse pca_psnr pca_ssim"
).split()

SIDES = ("prior", "mixture", "floor")
GENERATED = [name for name in METRICS if name.startswith("classifier_")]
DISTANCES = [f"classifier_kernel_distance_{side}" for side in SIDES]


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
    arguments = run(likelihood, latent_dim)
    evaluate(**arguments)
    assert "elbo: -" in caplog.text
    text = arguments["path_to_metrics"].read_text()
    result = json.loads(text)
    assert (result["dataset"], result["run"]) == ("tiny", f"ld_{latent_dim}")
    assert result["evaluation"] == arguments["evaluation"]
    metrics = result["metrics"]
    assert result["notes"] == []
    assert sorted(metrics) == sorted(ALWAYS + more + GENERATED)
    counts = {"nll": 4, "classifier": 7}
    for name, metric in metrics.items():
        assert metric["unit"]
        assert metric["images"] == counts.get(name.split("_")[0], 8)
        has_none = {"kl_per_dimension", "active_units", *GENERATED} - set(DISTANCES)
        assert ("standard_error" in metric) == (name not in has_none)
        assert ("sampling_error" in metric) == (name in ("elbo", "reconstruction"))
    value = {name: metric["value"] for name, metric in metrics.items()}
    assert value["elbo"] == pytest.approx(-value["reconstruction"] - value["kl"])
    assert value["kl"] == pytest.approx(sum(value["kl_per_dimension"]))

    evaluate(**arguments)
    assert arguments["path_to_metrics"].read_text() == text


def test_what_a_run_on_binary_images_generates_is_compared_with_gray_ones(run):
    arguments = run("bernoulli", 2)
    results = [evaluated(arguments, binarize=kind)["metrics"] for kind in ("none", "dynamic")]
    assert results[0]["mse"] != results[1]["mse"]
    assert all(results[0][name] == results[1][name] for name in GENERATED)


def test_the_elbo_is_the_true_one_whatever_weight_the_training_gave_the_kl(run):
    arguments = run("bernoulli", 2)
    results = [evaluated(arguments, beta=beta)["metrics"] for beta in (0.0, 1.0, 4.0)]
    assert results[0] == results[1] == results[2]
    value = {name: metric["value"] for name, metric in results[2].items()}
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
def test_without_labels_the_metrics_that_need_them_are_missed_in_words(run, names):
    arguments = run("bernoulli", 2)
    data = images.load(arguments["path_to_images"])
    images.save(Images(data.train, data.test, names), arguments["path_to_images"])
    for classifier in (None, arguments["path_to_classifier"]):
        evaluate(**arguments | {"path_to_classifier": classifier})
        result = json.loads(arguments["path_to_metrics"].read_text())
        assert not set(GENERATED) & set(result["metrics"])
        assert "need labels" in result["notes"][0]


def test_too_few_images_to_compare_are_told(run):
    arguments = run("bernoulli", 2)
    data = images.load(arguments["path_to_images"])
    few = Split(data.train.pixels[:5], data.train.labels[:5])
    images.save(Images(few, data.test, ("a", "b")), arguments["path_to_images"])
    evaluate(**arguments)
    assert "here are 5" in json.loads(arguments["path_to_metrics"].read_text())["notes"][0]


def test_without_test_images_there_is_nothing_to_evaluate(run):
    arguments = run("bernoulli", 2)
    data = images.load(arguments["path_to_images"])
    images.save(
        Images(data.train, Split(PIXELS[:0], np.zeros(0, int))), arguments["path_to_images"]
    )
    with pytest.raises(UserError, match="no test images"):
        evaluate(**arguments)


def test_a_run_that_diverged_says_so(run):
    arguments = run("bernoulli", 2)
    bernoulli_decoder(arguments["path_to_decoder"], np.full((2, 6), np.nan))
    with pytest.raises(UserError, match="diverged"):
        evaluate(**arguments)
