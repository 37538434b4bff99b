"""How well the scores of a run tell anomalies from normal images: `roc.png`."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from vae.evaluation import scores
from vae.figures.colours import COLOURS
from vae.figures.sheet import BLUE, GRAY, INK, ORANGE, save, sheet, styled
from vae.figures.text import shown
from vae.services import records
from vae.services.words import counted

FILES = {"roc.png": "anomalies"}
OF = "anomaly"
SETTINGS = {}

MOST = 8  # classes of defects with a curve of their own
BARS = 40
TAIL = 0.99  # quantile of all scores at which the last bar begins
UNITS = {"sum": "score, nats", "max": "maximum of the error map, nats a pixel"}


def plot(path_to_table: str, path_to_record: str, path_to_figure: str, title: str) -> None:
    """Draw ROC curves of the test images, and a histogram of their scores.

    Raises UserError if a file is damaged.
    """
    record = records.read(path_to_record)
    table = scores.read(path_to_table, "test", ["s", "label", "class_name"])
    save(draw(table, record, title), path_to_figure)


@styled
def draw(table: Mapping[str, np.ndarray], record: Mapping[str, Any], title: str) -> Figure:
    """ROC curves next to a histogram.

    table: of the test images `s`, `label` and `class_name`, [N]; record: anomalies.json.
    """
    metrics = record["metrics"]
    text = counted(len(table["s"]), "test image")
    if metrics:
        areas = (metrics[f"auroc_{kind}"]["value"] for kind in ("sum", "max"))
        text += "   ·   AUROC {:.3f} by the score, {:.3f} by the error map's maximum".format(*areas)
    figure = sheet(1400, 760, "Anomalies", f"{title}   ·   {text}", layout="constrained")
    left, right = figure.subplots(1, 2)
    if metrics:
        _curves(left, table, record)
    else:
        left.set_axis_off()
        notes = "\n\n".join(textwrap.fill(note, 48) for note in record["notes"])
        left.text(0, 1, notes, va="top", color=GRAY)
    _histogram(right, table, record)
    return figure


def _curves(axes: Axes, table: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> None:
    s, label, metrics = table["s"], table["label"].astype(bool), record["metrics"]
    names = [*record["defects"]]
    drawn = dict(zip(names, shown(names), strict=True)) if 1 < len(names) <= MOST else {}
    for (name, text), colour in zip(drawn.items(), COLOURS[1:], strict=False):
        some = ~label | (table["class_name"] == name)
        area = record["defects"][name]["auroc"]["value"]
        axes.plot(*_roc(s[some], label[some]), color=colour, lw=1, label=f"{text} {area:.3f}")
    area = metrics["auroc"]["value"]
    axes.plot(*_roc(s, label), color=BLUE, lw=2.2, label=f"all {area:.3f}")
    at = [metrics[f"{kind}_positive_rate"]["value"] for kind in ("false", "true")]
    threshold = record["thresholds"]["threshold"]
    axes.plot(*at, "o", color=INK, zorder=3, clip_on=False, label=f"threshold {threshold:.4g}")
    axes.plot([0, 1], [0, 1], ":", color=GRAY)
    axes.set(xlim=(0, 1), ylim=(0, 1.01), aspect="equal")
    axes.set(xlabel="share of normal images above", ylabel="share of defects above")
    axes.set_title("ROC curve, with the area below it")
    axes.legend(loc="lower right")


def _roc(s: np.ndarray, label: np.ndarray) -> Sequence[np.ndarray]:
    return roc_curve(label, s)[:2]


def _histogram(axes: Axes, table: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> None:
    s, thresholds = table["s"], record["thresholds"]
    top = max(np.quantile(s, TAIL), thresholds["threshold"])
    edges = np.linspace(s.min(), max(top, s.min() + 1e-9), BARS + 1)
    groups = {"test images": (np.full(len(s), True), GRAY)}
    if record["normal"] is not None:
        label = table["label"].astype(bool)
        groups = {"normal": (~label, BLUE), "defects": (label, ORANGE)}
    for name, (rows, colour) in groups.items():
        share = np.full(rows.sum(), 1 / max(1, rows.sum()))
        style = {"color": colour, "alpha": 0.6, "label": f"{name}, {rows.sum():,}"}
        axes.hist(s[rows].clip(max=edges[-1]), edges, weights=share, **style)
    axes.axvline(thresholds["threshold"], color=INK, lw=1, label="threshold")
    axes.set_title("scores; the last bar has all that are higher")
    axes.set(xlabel=f"s: {UNITS[thresholds['score']]}", ylabel="share of these images")
    axes.grid(axis="y")
    axes.legend()
