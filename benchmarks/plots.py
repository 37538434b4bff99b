"""The picture of training.csv."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.cases import CASES, ENGINES
from vae.figures.sheet import BLUE, GRAY, INK, ORANGE, save, sheet, styled

HALF = "#b9b9b9"  # bars of bfloat16


@styled
def training(rows: pd.DataFrame, machine: dict[str, Any]) -> Figure:
    """A panel a case: images a second of each engine from 0 on, with the range of its rounds.

    The limit of float32 is a line; that of bfloat16, which would make the others small, a number.
    """
    names = list(dict.fromkeys(_engines(rows)["case"]))
    panels = [_ordered(rows[rows["case"] == name]) for name in names]
    counts = [len(_engines(panel)) for panel in panels]
    title = (
        f"{machine['processor']}, {machine['threads']} threads; medians of "
        f"{machine['rounds']} rounds in turn, whiskers from the slowest to the fastest"
    )
    height = 180 + sum(36 * count + 100 for count in counts)
    figure = sheet(1300, height, "Training, images a second", title, "constrained")
    axes = figure.subplots(len(names), height_ratios=counts, squeeze=False)[:, 0]
    for axis, name, panel in zip(axes, names, panels, strict=True):
        case, limits = CASES[name], panel.set_index("engine")["images_per_second"]
        shape = "×".join(map(str, case.image_shape))
        label = f"{name}, {shape}, batch {case.run['batch_size']}"
        if "gemm_bfloat16" in limits:
            label += f"; limit of bfloat16 {_plain(limits['gemm_bfloat16'])}"
        axis.set_title(label)
        _bars(axis, _engines(panel), limits.get("gemm_float32"))
    return figure


def _bars(axis: Axes, panel: pd.DataFrame, limit: float | None) -> None:
    speeds, ends, places = panel["images_per_second"], panel["highest"], range(len(panel))
    whiskers = (speeds - panel["lowest"], ends - speeds)
    axis.barh(places, speeds, 0.7, color=[_colour(engine) for engine in panel["engine"]])
    axis.errorbar(speeds, places, xerr=whiskers, fmt="none", ecolor=INK, elinewidth=0.8)
    longest = max(ends.max(), limit or 0)
    for place, end, speed in zip(places, ends, speeds, strict=True):
        axis.text(end + 0.008 * longest, place, _plain(speed), va="center", size="small")
    axis.set_yticks(places, [ENGINES[engine].title for engine in panel["engine"]], color=INK)
    axis.set(xlim=(0, 1.12 * longest), ylim=(len(panel) - 0.5, -0.5))
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x")
    if limit:
        axis.axvline(limit, color=ORANGE, linewidth=1.2)
        text = f" limit of float32\n {_plain(limit)}"
        transform = axis.get_xaxis_transform()
        axis.text(limit, 0.02, text, color=ORANGE, size="small", transform=transform)


def save_training(rows: pd.DataFrame, machine: dict[str, Any], path: Path) -> None:
    """Draw it into a file."""
    save(training(rows, machine), path)


def _ordered(panel: pd.DataFrame) -> pd.DataFrame:
    """In the order of ENGINES: ours first, the limits last."""
    order = list(ENGINES)
    return panel.sort_values("engine", key=lambda column: column.map(order.index))


def _engines(rows: pd.DataFrame) -> pd.DataFrame:
    """Those that train."""
    return rows[~rows["engine"].str.startswith("gemm")]


def _colour(engine: str) -> str:
    if engine == "ours":
        return BLUE
    return HALF if "bfloat16" in engine else GRAY


def _plain(speed: float) -> str:
    return f"{speed:,.0f}" if speed >= 100 else f"{speed:.1f}"
