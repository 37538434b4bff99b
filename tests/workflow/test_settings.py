"""Settings that reach through the whole workflow, on tiny data."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scripts import generate


@pytest.fixture(scope="module")
def workspace(fresh, tmp_path_factory):
    """Runs with validation images; one conditional, on binary images, averaged; a hierarchy."""
    workspace = fresh.copy(tmp_path_factory.mktemp("settings") / "project")
    workspace.configure(
        "digits",
        latent_dim=3,
        validation=100,
        kl_warmup_epochs=1,
        variants=[
            {"conditional": True, "binarize": "dynamic", "ema": 0.9},
            {"model": "ladder", "filters": 4, "levels": 2},
        ],
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
    best = rows[["elbo" in best.split() for best in rows["best"].fillna("")]]
    assert sorted(best["binarize"]) == ["dynamic", "none"]


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


def test_a_hierarchy_has_everything_that_a_run_has_and_its_levels(results, tmp_path):
    folder = results / "ld_3_f_4_m_ladder_lv_2"
    metrics = json.loads((folder / "metrics.json").read_text())["metrics"]
    assert len(metrics["kl_per_group"]["value"]) == 3  # the code, and two maps of detail
    quality = json.loads((folder / "sample_quality.json").read_text())["origins"]
    assert set(quality) >= {"prior", "tempered", "mixture"}
    with np.load(folder / "codes.npz") as codes:
        assert codes["test_z"].shape == (360, 3)
        assert codes["test_kl"].shape == (360, 3)
    figures = {path.stem for path in folder.glob("*.png")}
    assert figures >= {"levels", "grid", "latent", "samples_gmm", "traversals", "architecture"}
    assert not (results / "ld_3/levels.png").exists()

    random, again = tmp_path / "random.csv", tmp_path / "again.csv"
    assert generate.main([str(folder), "--random", "2", "-o", str(random)]) == 0
    assert generate.main([str(folder), "--codes", str(random), "-o", str(again)]) == 0
    assert random.read_text() == again.read_text()
    z = np.loadtxt(random, delimiter=",")
    assert z.shape == (2, 3 + 2 * 2 * 2 * 4)
    cold = tmp_path / "cold.csv"
    assert generate.main([str(folder), "--random", "2", "--temperature", "0", "-o", str(cold)]) == 0
    np.testing.assert_array_equal(
        np.loadtxt(cold, delimiter=","), np.pad(z[:, :3], ((0, 0), (0, 32)))
    )
