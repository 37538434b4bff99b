"""From the files of a run to representation.json."""

import json

import numpy as np
import pytest

from vae.data import images
from vae.data.file_names import FileNames
from vae.data.images import Images, Split
from vae.evaluation.representation_run import evaluate
from vae.latent import codes
from vae.latent.codes import Codes, DatasetCodes

CLASS = np.arange(60) % 2


@pytest.fixture
def write(tmp_path):
    """Write the files of a run whose code is the class, of images by whose pixels none is known."""

    def write(counts, conditional=False, labels=CLASS, factors=()):
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (60, 3, 2, 1), np.uint8)
        z = (CLASS + rng.normal(size=60) / 100)[:, None].astype(np.float32)
        splits, encoded = {}, {}
        for name, rows in counts.items():
            columns = {"brightness": CLASS[rows] + 0.0, "color": np.ones(len(CLASS[rows]))}
            splits[name] = Split(pixels[rows], labels[rows], columns=columns)
            files = FileNames.none(len(labels[rows]))
            encoded[name] = Codes(z[rows], np.ones_like(z[rows]), labels[rows], files)
        images.save(Images(**splits, class_names=("a", "b")), tmp_path / "images.npz")
        codes.save(DatasetCodes(encoded), tmp_path / "codes.npz")
        record = {"dataset": "tiny", "run": "ld_1", "settings": {"conditional": conditional}}
        (tmp_path / "run.json").write_text(json.dumps(record))
        paths = [tmp_path / name for name in ("images.npz", "codes.npz", "run.json")]
        evaluate(*paths, tmp_path / "representation.json", dict.fromkeys(factors, "number"))
        return json.loads((tmp_path / "representation.json").read_text())

    return write


def test_codes_are_tested_and_as_many_principal_components(write):
    content = write({"train": slice(40), "test": slice(40, 60)})
    assert (content["dataset"], content["run"], content["notes"]) == ("tiny", "ld_1", [])
    value = {name: metric["value"] for name, metric in content["metrics"].items()}
    assert len(value) == 10
    assert value["knn_20"] == value["linear_probe"] == value["kmeans_ari"] == 1
    assert value["pca_knn_20"] < 0.9
    assert "validation" not in content


def test_validation_images_are_tested_too(write):
    splits = {"train": slice(40), "test": slice(40, 50), "validation": slice(50, 60)}
    content = write(splits)
    assert content["validation"].keys() == content["metrics"].keys()
    assert content["validation"]["knn_4"]["value"] == 1


def test_codes_of_images_with_known_factors_are_tested_for_them_without_labels_too(write):
    splits = {"train": slice(40), "test": slice(40, 50), "validation": slice(50, 60)}
    factors = ("brightness", "color")
    for labels in (CLASS, -np.ones(60, int)):
        content = write(splits, labels=labels, factors=factors)
        for split in ("metrics", "validation"):
            assert content[split]["mig"]["value"] == pytest.approx(1)
            assert content[split]["dci_completeness"]["value"] == 1
            assert ("knn_4" in content[split]) == (labels is CLASS)
    assert write(splits, conditional=True, factors=factors)["metrics"] == {}


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"conditional": True}, "told the class"), ({"labels": -np.ones(60, int)}, "no labels")],
)
def test_it_is_said_why_there_are_no_metrics(write, settings, words):
    content = write({"train": slice(40), "test": slice(40, 60)}, **settings)
    assert content["metrics"] == {}
    assert words in content["notes"][0]
