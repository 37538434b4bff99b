"""anomalies.parquet and anomalies.json of a scorer that can be computed by hand."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.evaluation.test_detection import plain_pro
from tests.helpers.scorers import with_thresholds
from vae.data import images, masks
from vae.data.images import Images, Split
from vae.evaluation import anomalies

SHAPE = (6, 6, 1)
NAMES = ("crack", "good", "hole")
RNG = np.random.default_rng(0)


def split(labels):
    """Images that are brighter by what their class is."""
    labels = np.array(labels)
    pixels = RNG.integers(0, 150, (len(labels), *SHAPE))
    pixels[:, 1:3, 1:4] += np.array([60, 0, 90])[labels][:, None, None, None]
    return Split(pixels.astype(np.uint8), labels)


def dataset(test, normal=("good",), **others):
    preparation = {"normal": [*normal]} if normal else {}
    return Images(split([1] * 20), split(test), NAMES, preparation=preparation, **others)


@pytest.fixture
def evaluated(tmp_path):
    """The table and the record of a dataset."""

    def evaluate(data, of_test=None, **options):
        paths = {name: tmp_path / name for name in ("images.npz", "scorer.onnx", "t", "r")}
        images.save(data, paths["images.npz"])
        if of_test is not None:
            masks.write(enumerate(of_test), of_test.shape, paths["images.npz"])
        with_thresholds(paths["scorer.onnx"], data, **options)
        anomalies.evaluate(*paths.values(), threads=1)
        return pq.read_table(paths["t"]).to_pandas(), json.loads(paths["r"].read_text())

    return evaluate


def masks_of(data):
    found = np.zeros(data.test.pixels.shape[:3], bool)
    found[data.test.labels != 1, 1:3, 1:4] = True
    return found


@pytest.mark.parametrize("score", ["sum", "max"])
def test_metrics_are_those_of_scikit_learn_of_the_table(evaluated, score):
    data = dataset([1] * 15 + [0] * 10 + [2] * 8, validation=split([1] * 12))
    table, record = evaluated(data, score=score, contamination=0.2)
    assert list(table) == [
        *("index", "file", "split", "class_name", "label", "s", "pred_score", "pred_label")
    ]
    assert table["split"].value_counts().to_dict() == {"train": 20, "test": 33, "validation": 12}
    assert not table[table["split"] != "test"]["label"].any()
    test = table[table["split"] == "test"]
    assert (test["label"] == (test["class_name"] != "good")).all()
    assert (test["pred_label"] == (test["s"] > record["thresholds"]["threshold"])).all()
    metrics = {name: metric["value"] for name, metric in record["metrics"].items()}
    label = test["label"].astype(bool)
    assert metrics["auroc"] == pytest.approx(roc_auc_score(label, test["s"]))
    assert (
        metrics["auroc"]
        == metrics[f"auroc_{score}"]
        != metrics["auroc_sum" if score == "max" else "auroc_max"]
    )
    expected = average_precision_score(label, test["s"])
    assert metrics["average_precision"] == pytest.approx(expected)
    assert metrics["true_positive_rate"] == pytest.approx(test["pred_label"][label].mean())
    assert metrics["false_positive_rate"] == pytest.approx(test["pred_label"][~label].mean())
    f1 = record["metrics"]["f1_best_on_test_labels"]
    above = test["s"] >= f1["threshold"]
    both = (above & label).sum()
    assert f1["value"] == pytest.approx(2 * both / (above.sum() + label.sum()))
    for name, count in (("crack", 10), ("hole", 8)):
        some = test[test["class_name"].isin([name, "good"])]
        assert record["defects"][name]["auroc"]["images"] == count
        assert record["defects"][name]["auroc"]["value"] == pytest.approx(
            roc_auc_score(some["label"].astype(bool), some["s"])
        )
    assert record["images"] == {"train": 20, "test": 33, "validation": 12, "defects": 18}
    assert record["notes"] == []
    assert "pro" not in metrics


def test_masks_give_metrics_of_pixels(evaluated, monkeypatch):
    data = dataset([1, 0, 2, 0, 1], validation=split([1] * 12))
    maps, there = data.test.pixels[..., 0] / 255, masks_of(data)
    _, record = evaluated(data, there)
    metrics = record["metrics"]
    assert metrics["pro"]["value"] == pytest.approx(plain_pro(maps, there, 0.3), rel=1e-5)
    expected = roc_auc_score(there.ravel(), maps.ravel())
    assert metrics["pixel_auroc"]["value"] == pytest.approx(expected)
    monkeypatch.setattr(anomalies, "MOST_PIXELS", 3 * 36)
    _, record = evaluated(data, there)
    assert record["metrics"]["pro"]["images"] == 3
    assert "pixel_auroc and pro are of 3 of the test images" in record["notes"][-1]


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (dataset([1] * 3), "The test set has no defects, so there is nothing to tell apart"),
        (dataset([0] * 3), "The test set has no normal images, so"),
        (dataset([0, 1], normal=()), "The config does not say which classes are normal"),
    ],
)
def test_where_there_is_nothing_to_tell_apart_a_note_says_so(evaluated, data, note):
    table, record = evaluated(data)
    assert (record["metrics"], record["defects"]) == ({}, {})
    assert note in record["notes"][-1]
    assert table["label"].isna().all() == (record["normal"] is None)
    assert "from training images. The network was fitted to them" in record["notes"][0]


def test_few_images_and_equal_scores_are_noted(evaluated):
    same = Split(np.full((4, *SHAPE), 9, np.uint8), np.ones(4, int))
    _, record = evaluated(dataset([0, 1], validation=same))
    assert record["notes"][0].startswith("The thresholds are from 4 images, of which the share")
    assert record["notes"][1].endswith(
        "pred_score can be 0, 0.5 or 1 alone. Did the training work?"
    )
    _, record = evaluated(Images(same, same, NAMES, preparation={"normal": ["good"]}))
    assert len(record["notes"]) == 4


def test_empty_masks_are_noted(evaluated):
    _, record = evaluated(dataset([0, 1]), np.zeros((2, 6, 6), bool))
    assert "pro" not in record["metrics"]
    assert "masks of the test images are all empty" in record["notes"][-1]
