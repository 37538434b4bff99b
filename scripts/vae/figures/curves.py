"""Metrics of runs by latent size: the lower part of `comparison.png`."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.evaluation.comparison import TABLE
from vae.figures.sheet import DPI, GRAY, LEFT, RIGHT, box, limits

NATS = TABLE["elbo"].unit
PANELS = {name: metric for name, metric in TABLE.items() if metric.panel is not None}
LEGEND = 32  # characters in a line of the legend; a wider one leaves no room for the panels
DASHES = ("-", "--", ":", "-.")
GUTTER, BELOW = 74, 60  # pixels between panels, and below them
SMALL = 7.5


def draw(
    figure: Figure, top: float, lines: list[tuple[str, pd.DataFrame]], colours: list[str]
) -> None:
    """Draw rate against distortion, then metrics by latent size, from `top` pixels down.

    lines: rows of a comparison that differ in their latent size alone, with a name for each;
    colours: theirs. Those of one colour differ in their dashes.
    """
    width, height = figure.get_size_inches() * DPI
    there = pd.concat([line for _, line in lines])
    panels = [(name, metric) for name, metric in PANELS.items() if name in there]
    pitch = (width - LEFT - RIGHT + GUTTER) / (1 + len(panels))
    places = [(LEFT + i * pitch, top, pitch - GUTTER, height - top - BELOW) for i in range(99)]
    plane, *others = (figure.add_axes(box(figure, *p)) for p in places[: 1 + len(panels)])
    used: dict[str, int] = {}
    for (name, line), colour in zip(lines, colours, strict=True):
        dashes = DASHES[used.setdefault(colour, 0) % len(DASHES)]
        used[colour] += 1
        style = {"color": colour, "markersize": 4, "linestyle": dashes, "marker": "o"}
        plane.plot(line["kl"], line["reconstruction"], label=textwrap.fill(name, LEGEND), **style)
        for row in line.itertuples():
            offset = {"xytext": (5, 4), "textcoords": "offset points", "fontsize": "x-small"}
            at = (row.kl, row.reconstruction)
            plane.annotate(str(row.latent_dim), at, color=colour, **offset)
        for axes, (key, _) in zip(others, panels, strict=True):
            style |= {"elinewidth": 1, "capsize": 2}
            axes.errorbar(line["latent_dim"], line[key], line[f"{key}_sd"], **style)
            best = line[[key in names.split() for names in line["best"]]]
            axes.plot(
                best["latent_dim"],
                best[key],
                "o",
                color=colour,
                markersize=11,
                mfc="none",
                clip_on=False,
            )
    plane.set_title("rate and distortion", fontsize=SMALL)
    plane.set(xlim=limits(plane.dataLim.intervalx), ylim=limits(plane.dataLim.intervaly))
    plane.set(xlabel="KL, nats an image", ylabel="reconstruction, nats an image")
    if len(lines) > 1:
        plane.legend(fontsize="x-small")
    for axes, (_, metric) in zip(others, panels, strict=True):
        _finish(axes, metric, there)
    for axes in (plane, *others):
        axes.grid(axis="y")
        for axis in (axes.xaxis, axes.yaxis):
            axis.label.set_size(SMALL)
            axis.set_tick_params(labelsize=6.5)


def _finish(axes: Axes, metric, rows: pd.DataFrame) -> None:
    """Title, baseline, limits and ticks of a panel by latent size."""
    axes.set_title(textwrap.fill(metric.title, 22), fontsize=SMALL)
    if metric.panel in rows:
        baseline = rows.groupby("latent_dim")[metric.panel].mean()
        axes.plot(baseline, linestyle=":", color=GRAY, label=TABLE[metric.panel].title)
        axes.legend(fontsize="x-small")
    # A likelihood has no natural zero; errors, distances and counts start at theirs.
    interval = axes.dataLim.intervaly
    if metric.unit == NATS:
        axes.set_ylim(limits(interval))
    else:
        axes.set_ylim(min(0, interval[0]), 1.08 * interval[1] or 1)
    axes.set(ylabel="" if metric.unit == "1" else metric.unit, xlabel="latent size")
    sizes = np.unique(rows["latent_dim"])
    if sizes[-1] > 8 * sizes[0]:
        axes.set_xscale("log")
        axes.minorticks_off()
    ticks = sizes if len(sizes) <= 6 else sizes[np.linspace(0, len(sizes) - 1, 6).astype(int)]
    axes.set_xticks(ticks, [str(size) for size in ticks])
