import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import roc

RNG = np.random.default_rng(0)


def found(classes, score="sum", normal=("good",)):
    """A table of test images, and its record."""
    names = np.array(classes)
    label = names != "good"
    areas = {kind: {"value": 0.75} for kind in ("auroc", "auroc_sum", "auroc_max")}
    areas |= {f"{kind}_positive_rate": {"value": 0.5} for kind in ("true", "false")}
    several = label.any() and normal
    record = {
        "thresholds": {"score": score, "threshold": 1.25},
        "metrics": areas if several else {},
        "defects": {name: {"auroc": {"value": 0.5}} for name in {*names[label]} if several},
        "normal": [*normal] or None,
        "notes": ["A note on what is missing."],
    }
    return {"s": RNG.normal(size=len(names)), "label": label, "class_name": names}, record


@pytest.mark.parametrize("score", ["sum", "max"])
@pytest.mark.parametrize("defects", [1, 3, 30])
def test_curves_and_scores_of_any_number_of_classes(tmp_path, score, defects):
    classes = ["good"] * 20 + [f"crack {i % defects}" for i in range(60)]
    figure = roc.draw(*found(classes, score), TITLE)
    picture(figure, tmp_path / "roc.png")
    shown = texts(figure)
    assert ("crack 0 0.500" in shown) == (defects == 3)
    assert {"all 0.750", "threshold 1.25", "normal, 20", "defects, 60"} <= {*shown}
    assert f"s: {roc.UNITS[score]}" in shown


@pytest.mark.parametrize(("normal", "name"), [(["good"], "normal, 20"), ([], "test images, 20")])
def test_without_metrics_a_note_stands_in_their_place(tmp_path, normal, name):
    figure = roc.draw(*found(["good"] * 20, normal=normal), TITLE)
    picture(figure, tmp_path / "roc.png")
    assert {"A note on what is missing.", name} <= {*texts(figure)}


def test_scores_that_are_all_equal_are_drawn(tmp_path):
    table, record = found(["good"] * 5 + ["bad"] * 5)
    table["s"] = np.full(10, 3.0)
    picture(roc.draw(table, record, TITLE), tmp_path / "roc.png")


def test_the_figure_is_made_of_the_files(tmp_path):
    table, record = found(["good"] * 5 + ["bad"] * 5)
    rows = {key: pa.array(values) for key, values in table.items()}
    pq.write_table(pa.table(rows | {"split": pa.array(["test"] * 10)}), tmp_path / "a.parquet")
    (tmp_path / "a.json").write_text(json.dumps(record))
    roc.plot(tmp_path / "a.parquet", tmp_path / "a.json", tmp_path / "roc.png", TITLE)
    with Image.open(tmp_path / "roc.png") as image:
        image.load()
