"""Settings that reach through the whole workflow, on tiny data."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def workspace(fresh, tmp_path_factory):
    """Two runs with validation images; one is conditional, on binary images and averaged."""
    workspace = fresh.copy(tmp_path_factory.mktemp("settings") / "project")
    workspace.configure(
        "digits",
        latent_dim=3,
        validation=100,
        kl_warmup_epochs=1,
        variants=[{"conditional": True, "binarize": "dynamic", "ema": 0.9}],
    )
    workspace.build()
    return workspace


@pytest.fixture(scope="module")
def results(workspace):
    return workspace.path / "results/digits"


def test_validation_images_are_apart_and_choose(results):
    with np.load(results / "images.npz") as images:
        assert len(images["train_pixels"]) == 1337
        assert len(images["validation_pixels"]) == 100
    assert "validation_loss" in pd.read_csv(results / "ld_3/history.csv")
    figures = json.loads((results / "ld_3/metrics.json").read_text())
    assert figures["metrics"]["elbo"]["images"] == 360
    assert figures["validation"]["elbo"]["images"] == 100


def test_likelihoods_of_gray_and_of_binary_images_are_not_compared(results):
    rows = pd.read_csv(results / "comparison.csv")
    assert set(rows["binarize"]) == {"none", "dynamic"}
    assert all("elbo" in best.split() for best in rows["best"])


def test_a_conditional_run_shows_its_classes(results):
    folder = results / "ld_3_c_1_bin_dynamic_ema_0.9"
    assert (folder / "grid.png").exists()
    notes = json.loads((folder / "metrics.json").read_text())["notes"]
    assert any("given their class" in note for note in notes)


def test_a_walk_through_one_class_is_made_where_it_is_asked_for(workspace):
    target = "results/digits/ld_3_c_1_bin_dynamic_ema_0.9/grid.gif"
    assert not (workspace.path / target).exists()
    workspace.build(target, cores=1)
    with Image.open(workspace.path / target) as walk:
        assert walk.n_frames > 2
