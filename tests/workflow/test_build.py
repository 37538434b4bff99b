"""The real workflow on tiny data: what it builds, that it ends, and that it explains itself."""

import json
import os

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from PIL import Image

from tests.helpers.workspace import FIGURES, TINY
from vae.data import images
from vae.latent import codes

MODELS = ["encoder.keras", "decoder.keras", "vae.keras"]
MODELS += ["encoder.onnx", "posterior.onnx", "decoder.onnx"]


@pytest.mark.parametrize("run", ["ld_2", "ld_3"])
def test_every_file_of_a_run_is_built(built, run):
    folder = built.path / "results/digits" / run
    assert {p.name for p in folder.iterdir()} == {
        *MODELS,
        *(f"{figure}.png" for figure in FIGURES),
        *("history.csv", "run.json", "weights.npz", "codes.npz", "mixture.npz", "metrics.json"),
        *("representation.json", "sample_quality.json", "scores.parquet", "scorer.onnx"),
        *("model_card.md", "logs"),
        *(["grid.gif"] if run == "ld_3" else []),
    }
    for figure in FIGURES:
        with Image.open(folder / f"{figure}.png") as image:
            image.load()
            assert max(image.size) <= 1500


def test_the_history_has_a_row_an_epoch_and_its_terms_add_up(built):
    history = pd.read_csv(built.path / "results/digits/ld_2/history.csv")
    columns = "epoch loss reconstruction kl test_loss test_reconstruction test_kl"
    assert list(history) == [*columns.split(), "learning_rate", "seconds"]
    assert list(history.epoch) == [1, 2]
    np.testing.assert_allclose(history.loss, history.reconstruction + history.kl, rtol=1e-6)


def test_the_metrics_have_units_and_agree_with_the_history(built):
    folder = built.path / "results/digits/ld_2"
    metrics = json.loads((folder / "metrics.json").read_text())["metrics"]
    assert all(metric["unit"] for metric in metrics.values())
    last = pd.read_csv(folder / "history.csv").iloc[-1]
    assert metrics["kl"]["value"] == pytest.approx(last.test_kl, rel=1e-3)
    assert metrics["reconstruction"]["value"] == pytest.approx(last.test_reconstruction, rel=0.05)
    assert len(metrics["kl_per_dimension"]["value"]) == 2
    exact, bound = (metrics[f"nll_{name}"]["value"] for name in ("exact", "importance_weighted"))
    assert exact == pytest.approx(bound, abs=0.3)
    assert {"mse", "pca_mse"} <= set(metrics)
    assert metrics["nll_importance_weighted"]["images"] == 20
    quality = json.loads((folder / "sample_quality.json").read_text())
    assert quality["origins"]["floor"]["frechet_distance"]["images"] == 360
    assert quality["notes"] == json.loads((folder / "metrics.json").read_text())["notes"] == []


def test_the_scores_are_those_of_all_images_and_the_scorer_gives_them_too(built):
    results = built.path / "results/digits"
    table = pd.read_parquet(results / "ld_3/scores.parquet")
    data = images.load(results / "images.npz")
    of_codes = codes.load(results / "ld_3/codes.npz").splits
    metrics = json.loads((results / "ld_3/metrics.json").read_text())["metrics"]
    scorer = onnxruntime.InferenceSession(results / "ld_3/scorer.onnx")
    for name, split in data.splits.items():
        rows = table[table["split"] == name]
        assert rows["class_name"].tolist() == [data.class_names[label] for label in split.labels]
        np.testing.assert_allclose(np.stack(rows["code"]), of_codes[name].z, rtol=1e-4, atol=1e-5)
        score, _ = scorer.run(None, {"image": split.pixels / np.float32(255)})
        np.testing.assert_allclose(score, rows["score"], rtol=1e-4)
    assert rows["elbo"].to_numpy().mean() == metrics["elbo"]["value"]


def test_one_classifier_serves_all_runs_of_a_dataset(built):
    folder = built.path / "results/digits"
    assert (folder / "classifier.onnx").exists()
    record = json.loads((folder / "classifier.json").read_text())
    assert record["test_accuracy"]["value"] > 0.9
    assert record["images"] == {"train": 1437, "test": 360, "shape": [8, 8, 1]}


def test_a_gaussian_of_the_dataset_is_there_to_be_held_against(built):
    content = json.loads((built.path / "results/digits/baselines.json").read_text())
    assert content["patch"] == [8, 8, 1]
    metric = content["metrics"]["gaussian_bits_per_dimension"]
    assert (metric["unit"], metric["images"]) == ("bits a pixel and channel", 360)
    assert 3 < metric["value"] < 8


def test_the_runs_of_a_dataset_are_compared(built):
    rows = pd.read_csv(built.path / "results/digits/comparison.csv")
    assert list(rows["runs"]) == ["ld_2", "ld_3"]
    assert rows["elbo"].notna().all()
    assert rows["nll_exact"].notna().tolist() == [True, False]
    assert rows["classifier_frechet_distance_prior"].notna().all()
    with Image.open(built.path / "results/digits/comparison.png") as image:
        assert max(image.size) <= 1500


def test_the_record_says_how_a_run_came_about(built):
    record = json.loads((built.path / "results/digits/ld_2/run.json").read_text())
    assert record["dataset"] == "digits"
    assert record["settings"]["latent_dim"] == 2
    assert record["settings"]["seed"] == 0
    assert "learning_rate" not in record["settings"]
    assert (record["resolved"]["learning_rate"], record["resolved"]["keep"]) == (0.008, "last")
    assert (record["epochs"], record["kept_epoch"]) == (2, 2)
    assert list(record["warnings"]) == ["few steps"]
    card = (built.path / "results/digits/ld_2/model_card.md").read_text()
    assert "## What did not work\n\nThe training had " in card
    assert record["images"] == {"train": 1437, "test": 360, "shape": [8, 8, 1]}
    assert {"python", "tensorflow", "keras", "numpy"} <= set(record["versions"])
    assert record["devices"] == ["cpu:0"] or record["devices"]


def test_the_log_has_a_line_an_epoch(built):
    log = (built.path / "results/digits/ld_2/logs/train.log").read_text()
    assert "epoch 1/2  loss" in log
    assert "epoch 2/2  loss" in log
    assert "1437 training and 360 test images" in log
    assert "1,437 training images" in (built.path / "results/digits/logs/prepare.log").read_text()


def test_the_codes_are_those_of_all_images(built):
    results = built.path / "results/digits"
    dataset, data = codes.load(results / "ld_3/codes.npz"), images.load(results / "images.npz")
    for name, split in (("train", data.train), ("test", data.test)):
        of_split = dataset.splits[name]
        assert of_split.z.shape == of_split.z_log_var.shape == of_split.kl.shape == (len(split), 3)
        np.testing.assert_array_equal(of_split.labels, split.labels)
        assert [*of_split.files] == [*split.files]


def test_a_walk_through_two_dimensions_is_refused_with_a_remedy(built_copy):
    done = built_copy.snakemake("--cores", "1", "--", "results/digits/ld_2/grid.gif")
    assert done.returncode == 1
    assert "Ask for grid.png instead." in done.stderr + done.stdout
    assert not (built_copy.path / "results/digits/ld_2/grid.gif").exists()


def test_mnist_from_a_mirror_and_one_dataset_alone(unbuilt_copy, datasets):
    run = {"latent_dim": 2, "intermediate_dim": 8, "epochs": 1, "batch_size": 4096}
    run["evaluation"] = TINY["datasets"]["digits"]["evaluation"] | {"generated": 100}
    unbuilt_copy.write_config(unbuilt_copy.config | {"mirrors": [str(datasets)]})
    unbuilt_copy.configure("mnist", source="mnist", **run)
    unbuilt_copy.build("mnist")
    results = unbuilt_copy.path / "results"
    assert sorted(p.name for p in results.iterdir()) == ["mnist", "raw"]
    with np.load(results / "mnist/images.npz") as images:
        assert images["train_pixels"].shape == (60_000, 28, 28, 1)
        assert images["train_pixels"].dtype == np.uint8
        assert images["test_labels"].shape == (10_000,)
        assert list(images["class_names"]) == [str(digit) for digit in range(10)]
    # A raw file that is older or newer than what was made of it is still the right file.
    file = results / "raw/mnist/t10k-labels-idx1-ubyte.gz"
    file.touch()
    assert unbuilt_copy.planned("--", "mnist") == {}
    # Also if the script that fetched it is newer: it is not fetched, and all else is planned.
    later = file.stat().st_mtime + 60
    os.utime(unbuilt_copy.path / "scripts/download.py", (later, later))
    assert unbuilt_copy.planned("--", "mnist") == {}
    (results / "mnist/ld_2/grid.png").unlink()
    assert unbuilt_copy.planned("--", "mnist") == {"plot_grid": {"mnist/ld_2"}}
    assert unbuilt_copy.planned("--", "results/raw/mnist/t10k-labels-idx1-ubyte.gz").keys() == {
        "download"
    }


def test_no_place_has_the_file(unbuilt_copy):
    content = unbuilt_copy.config
    content["mirrors"] = ["/no/such/mirror"]
    content["datasets"]["mnist"] = {"source": "mnist", "latent_dim": 2}
    content["sources"] = {"mnist": {"urls": ["http://127.0.0.1:9/"], "wheel": None}}
    unbuilt_copy.write_config(content)
    done = unbuilt_copy.snakemake("--cores", "1", "--", "results/mnist/images.npz")
    assert done.returncode == 1
    assert "/no/such/mirror" in done.stderr
    assert "http://127.0.0.1:9/" in done.stderr
    assert "make builds the digits that come with scikit-learn" in done.stderr
    assert not list((unbuilt_copy.path / "results").rglob("*.gz"))
