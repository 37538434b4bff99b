"""A folder of defects through the real workflow: thresholds, masks, and what reruns."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.helpers.workspace import TINY, Workspace

TARGETS = ("results/tiles/ld_2/roc.png", "results/tiles/ld_2/outliers.png")
ALONE = """
import sys, numpy, onnxruntime
assert not any("vae" == name.split(".")[0] for name in sys.modules)
scorer = onnxruntime.InferenceSession("results/tiles/ld_2/scorer.onnx")
with numpy.load("results/tiles/images.npz") as images:
    image = images["test_pixels"].astype("float32") / 255
names = [output.name for output in scorer.get_outputs()]
numpy.savez("found.npz", **dict(zip(names, scorer.run(None, {"image": image}))))
"""


@pytest.fixture(scope="module")
def tiles(fresh, tmp_path_factory) -> Workspace:
    """A project with 50 striped tiles, some of them with a white square, built."""
    workspace = fresh.copy(tmp_path_factory.mktemp("tiles") / "project")
    rng = np.random.default_rng(0)
    for name, count in {"train/good": 30, "test/good": 10, "test/hole": 10}.items():
        for number in range(count):
            pixels = 100 + 20 * (np.indices((32, 32))[1] // 4 % 2) + rng.integers(0, 9, (32, 32))
            mask = np.zeros((32, 32), bool)
            if name == "test/hole":
                top, left = rng.integers(0, 22, 2)
                mask[top : top + 10, left : left + 10] = True
                save(255 * mask, workspace.path / f"tiles/ground_truth/hole/{number}_mask.png")
            save(np.where(mask, 250, pixels), workspace.path / f"tiles/{name}/{number}.png")
    settings = {key: TINY["datasets"]["digits"][key] for key in ("intermediate_dim", "evaluation")}
    settings |= {"size": 16, "channels": "gray", "latent_dim": 2, "epochs": 30, "validation": 10}
    anomaly = {"normal": "good", "contamination": 0.2}
    workspace.configure("tiles", source={"folder": "tiles"}, anomaly=anomaly, **settings)
    workspace.build(*TARGETS)
    return workspace


def save(pixels, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def test_defects_are_found_and_where_they_are(tiles):
    results = tiles.path / "results/tiles"
    with np.load(results / "images.npz") as images:
        assert images["train_pixels"].shape == (20, 16, 16, 1)
        assert images["test_mask_pixels"].any(axis=(1, 2)).sum() == 10
    record = json.loads((results / "ld_2/anomalies.json").read_text())
    assert record["thresholds"]["score"] == "max"
    assert record["thresholds"]["images"] == 10
    assert record["metrics"]["auroc"]["value"] == 1
    assert record["metrics"]["pro"]["value"] > 0.8
    assert (results / "skipped.csv").read_text() == "path,reason\n"
    for target in TARGETS:
        with Image.open(tiles.path / target) as image:
            image.load()


def test_the_scorer_alone_gives_what_the_table_has(tiles):
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE], cwd=tiles.path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(tiles.path / "results/tiles/ld_2/anomalies.parquet")
    test = table[table["split"] == "test"]
    with np.load(tiles.path / "found.npz") as found:
        np.testing.assert_allclose(found["pred_score"], test["pred_score"], atol=1e-3)
        np.testing.assert_array_equal(found["pred_label"], test["pred_label"])
        np.testing.assert_array_equal(found["pred_mask"].any(axis=(1, 2)), test["pred_label"])
    assert (test["label"] == test["pred_label"]).mean() > 0.7


@pytest.mark.parametrize(
    ("change", "trained"),
    [
        ({"normal": "good", "contamination": 0.1}, False),
        ({"normal": "good", "contamination": 0.2, "score": "sum"}, False),
        ({"normal": ["good", "hole"], "contamination": 0.2}, True),
    ],
)
def test_thresholds_train_nothing_and_normal_classes_do(tiles, tmp_path, change, trained):
    workspace = tiles.copy(tmp_path / "project", link_results=True)
    workspace.configure("tiles", anomaly=change)
    plan = {*workspace.planned(*TARGETS)}
    assert plan >= {"export_scorer", "evaluate_anomalies", "plot_roc", "plot_outliers"}
    assert (plan & {"prepare", "train", "evaluate"} != set()) == trained
    assert trained or len(plan) == 4


def test_a_run_without_a_threshold_says_how_it_gets_one(tiles):
    done = tiles.snakemake("-n", "results/digits/ld_2/anomalies.json")
    assert done.returncode
    assert "has no threshold. Add one in config/config.yaml" in done.stderr + done.stdout
