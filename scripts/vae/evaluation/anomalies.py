"""How well a run tells anomalies from normal images: `anomalies.parquet` and `anomalies.json`."""

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vae.data import images, masks
from vae.data.anomalies import are_defects
from vae.data.images import Images
from vae.evaluation import detection
from vae.latent.codes import random_rows
from vae.latent.scoring import Scorer
from vae.services import records
from vae.services.files import atomic

logger = logging.getLogger(__name__)

MOST_PIXELS = 2**24  # that metrics of pixels are computed from: 1 GB of memory
COLUMNS = ("s", "pred_score", "pred_label")  # of anomalies.parquet, and outputs of the scorer

Metrics = dict[str, dict[str, Any]]


def evaluate(
    path_to_images: str, path_to_scorer: str, path_to_table: str, path_to_record: str, threads: int
) -> None:
    """Write a row for each image of every split, and the metrics of test images with their units.

    docs/anomalies.md has the columns and the metrics.

    Raises UserError if a file is damaged.
    """
    data = images.load(path_to_images)
    scorer = Scorer(path_to_scorer, threads)
    thresholds = scorer.about["scorer"]["anomaly"]
    normal = data.preparation.get("normal")
    found = _write(data, scorer, path_to_table)
    content = {
        "dataset": scorer.about["dataset"],
        "run": scorer.about["run"],
        "normal": normal,
        "thresholds": thresholds,
        "images": {name: len(split) for name, split in data.splits.items()},
        "metrics": {},
        "defects": {},
        "notes": notes(thresholds),
    }
    if normal is None:
        content["notes"].append(
            "The config does not say which classes are normal (anomaly.normal), so there is "
            "nothing that the labels could be compared with."
        )
    else:
        is_defect = are_defects(data.test.labels, data.class_names, normal)
        content["images"]["defects"] = int(is_defect.sum())
        content["metrics"], content["defects"] = of_images(found, data, is_defect)
        content["notes"] += _missing(is_defect)
        of_test = masks.load(path_to_images)
        if of_test is not None and content["metrics"]:
            metrics, more = of_pixels(scorer, data.test.pixels, of_test)
            content["metrics"] |= metrics
            content["notes"] += more
    for name, metric in content["metrics"].items():
        logger.info("%s: %.4f", name, metric["value"])
    records.write(content, path_to_record)


def _write(data: Images, scorer: Scorer, path: str | Path) -> dict[str, np.ndarray]:
    """Write the table; returns of test images, [N], each of COLUMNS, and "sum" and "max"."""
    normal = data.preparation.get("normal")
    found, tables = {}, []
    for name, split in data.splits.items():
        parts: dict[str, list[np.ndarray]] = {}
        for outputs in scorer.in_parts(split.pixels, np.arange(len(split))):
            outputs |= {"sum": outputs["score"], "max": outputs["error_map"].max(axis=(1, 2))}
            for column in (*COLUMNS, "sum", "max"):
                parts.setdefault(column, []).append(outputs[column])
        found[name] = {column: np.concatenate(arrays) for column, arrays in parts.items()}
        class_names = [data.class_names[i] if i >= 0 else None for i in split.labels.tolist()]
        labels = pa.nulls(len(split), pa.bool_())
        if normal is not None:
            labels = pa.array(are_defects(split.labels, data.class_names, normal))
        of_source = {
            "index": np.arange(len(split)),
            "file": pa.array([*split.files], pa.string()),
            "split": pa.array([name] * len(split), pa.string()),
            "class_name": pa.array(class_names, pa.string()),
            "label": labels,
        }
        tables.append(pa.table(of_source | {column: found[name][column] for column in COLUMNS}))
    with atomic(path) as part:
        pq.write_table(pa.concat_tables(tables), part)
    return found["test"]


def of_images(
    found: dict[str, np.ndarray], data: Images, is_defect: np.ndarray
) -> tuple[Metrics, dict[str, Metrics]]:
    """The metrics of test images, and of each class of defects; none if one kind is missing.

    found: of test images, [N], `s`, `pred_label`, and what s may be, `sum` and `max`.
    """
    s, normal = found["s"], ~is_defect
    if not (is_defect.any() and normal.any()):
        return {}, {}
    f1, at = detection.best_f1(s, is_defect)
    metrics = {
        "auroc": detection.auroc(s, is_defect),
        "average_precision": detection.average_precision(s, is_defect),
        **{f"auroc_{name}": detection.auroc(found[name], is_defect) for name in ("sum", "max")},
        "true_positive_rate": float(found["pred_label"][is_defect].mean()),
        "false_positive_rate": float(found["pred_label"][normal].mean()),
        "f1_best_on_test_labels": f1,
    }
    metrics = {name: _metric(value, len(s)) for name, value in metrics.items()}
    metrics["f1_best_on_test_labels"]["threshold"] = at
    defects = {}
    for label in np.unique(data.test.labels[is_defect]).tolist():
        of_class = data.test.labels == label
        some = normal | of_class
        defects[data.class_names[label]] = {
            name: _metric(measure(s[some], of_class[some]), int(of_class.sum()))
            for name, measure in (
                ("auroc", detection.auroc),
                ("average_precision", detection.average_precision),
            )
        }
    return metrics, defects


def of_pixels(scorer: Scorer, pixels: np.ndarray, of_test: np.ndarray) -> tuple[Metrics, list[str]]:
    """Pixel AUROC and PRO of test images, and notes.

    pixels: uint8 [N, H, W, C]; of_test: their masks, bool [N, H, W]. MOST_PIXELS are enough: of
    more, images are drawn at random.
    """
    size = math.prod(of_test.shape[1:])
    rows = random_rows(len(pixels), max(1, MOST_PIXELS // size), np.random.default_rng(0))
    notes = []
    if len(rows) < len(pixels):
        notes.append(f"pixel_auroc and pro are of {len(rows)} of the test images, drawn at random.")
    drawn = of_test[rows]
    if not drawn.any() or drawn.all():
        return {}, [*notes, "The masks of the test images are all empty, or all full."]
    maps = np.concatenate([found["error_map"] for found in scorer.in_parts(pixels, rows)])
    values = {
        "pixel_auroc": detection.auroc(maps.ravel(), drawn.ravel()),
        "pro": detection.pro(maps, drawn),
    }
    return {name: _metric(value, len(rows)) for name, value in values.items()}, notes


def _metric(value: float, count: int) -> dict[str, Any]:
    return {"value": value, "unit": "1", "images": count}


def notes(thresholds: dict[str, Any]) -> list[str]:
    """What to know about thresholds before one trusts them."""
    count, share = thresholds["images"], thresholds["contamination"]
    result = []
    if thresholds["among"] == "train":
        result.append(
            "There are no validation images, so the thresholds are from training images. The "
            "network was fitted to them: more than the share contamination of other normal images "
            "will be above."
        )
    if count * share < 1:
        result.append(
            f"The thresholds are from {count} images, of which the share contamination, {share:g}, "
            "is less than one: they are close to the highest score, and another one would move "
            "them."
        )
    if thresholds["lowest"] == thresholds["highest"]:
        result.append(
            "The scores of the images that the thresholds are from are all equal, so pred_score "
            "can be 0, 0.5 or 1 alone. Did the training work?"
        )
    return result


def _missing(is_defect: np.ndarray) -> list[str]:
    missing = {"defects": is_defect, "normal images": ~is_defect}
    return [
        f"The test set has no {kind}, so there is nothing to tell apart and no metric."
        for kind, there in missing.items()
        if not there.any()
    ]
