"""The runs of a dataset side by side: `comparison.png`, and the same as a table."""

import itertools
import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vae.evaluation.comparison import TABLE, series, table
from vae.figures.colours import COLOURS
from vae.figures.sheet import GRAY, LONGEST, limits, save, sheet, styled
from vae.services import records
from vae.services.files import atomic
from vae.services.words import counted

FILES = {"comparison.png": "comparison"}
OF = "dataset"
SETTINGS = {}

NATS = TABLE["elbo"].unit
LEGEND = 32  # characters in a line of the legend; a wider one leaves no room for the panels
PANELS = {name: metric for name, metric in TABLE.items() if metric.panel is not None}


def compare(
    paths_to_runs: list[str],
    paths_to_metrics: list[str],
    paths_to_qualities: list[str],
    path_to_baselines: str,
    path_to_table: str,
    path_to_figure: str,
    recommended: list[str],
    title: str,
) -> None:
    """Compare runs by their run.json, metrics.json and sample_quality.json, in the same order.

    path_to_baselines: of their dataset; recommended: runs that come first.

    Raises UserError if one of these files is damaged.
    """
    paths = (paths_to_runs, paths_to_metrics, paths_to_qualities)
    of_runs = ([records.read(path) for path in of_each] for of_each in paths)
    rows = table(*of_runs, records.read(path_to_baselines), recommended)
    with atomic(path_to_table) as part:
        rows.to_csv(part, index=False, float_format="%.6g")
    save(draw(rows, title), path_to_figure)


@styled
def draw(rows: pd.DataFrame, title: str) -> Figure:
    """Rate against distortion, then metrics by latent size.

    rows: as returned by `evaluation.comparison.table`.
    """
    n, warned = int(rows["seeds"].sum()), int((rows["warnings"] != "").sum())
    about = f"{title}   ·   {counted(n, 'run')}, on test images; a ring marks the best"
    if warned:
        about += f"; {counted(warned, 'row')} of comparison.csv with warnings"
    figure = sheet(
        LONGEST,
        1060,
        "Which latent size?",
        about,
        layout="constrained",
    )
    panels = [(name, metric) for name, metric in PANELS.items() if name in rows]
    columns = math.ceil((1 + len(panels)) / 2)
    plane, *others = figure.subplots(2, columns, squeeze=False).flat
    lines = series(rows)
    for (name, line), colour in zip(lines, itertools.cycle(COLOURS), strict=False):
        style = {"color": colour, "markersize": 4, "label": textwrap.fill(name, LEGEND)}
        plane.plot(line["kl"], line["reconstruction"], "o-", **style)
        for row in line.itertuples():
            at = (row.kl, row.reconstruction)
            offset = {"xytext": (5, 4), "textcoords": "offset points", "fontsize": "x-small"}
            plane.annotate(str(row.latent_dim), at, color=colour, **offset)
        for axes, (key, _) in zip(others, panels, strict=False):
            style = {"color": colour, "markersize": 4, "elinewidth": 1, "capsize": 2}
            axes.errorbar(line["latent_dim"], line[key], line[f"{key}_sd"], fmt="o-", **style)
            best = line[[key in names.split() for names in line["best"]]]
            axes.plot(best["latent_dim"], best[key], "o", color=colour, markersize=11, mfc="none")
    plane.set_title("rate and distortion, by latent size")
    plane.set(xlim=limits(plane.dataLim.intervalx), ylim=limits(plane.dataLim.intervaly))
    plane.set(xlabel="rate: KL, nats an image", ylabel="distortion: reconstruction, nats")
    if len(lines) > 1:
        plane.legend(fontsize="x-small")
    sizes = np.unique(rows["latent_dim"])
    for axes, panel in itertools.zip_longest(others, panels):
        if panel is None:
            axes.set_axis_off()
            continue
        _, metric = panel
        axes.set_title(metric.title)
        if metric.panel in rows:
            line = rows.groupby("latent_dim")[metric.panel].mean()
            style = {"linestyle": ":", "color": GRAY, "label": TABLE[metric.panel].title}
            if len(line) > 1:
                axes.plot(line, **style)
            else:  # a point, which has no line
                axes.axhline(line.iloc[0], **style)
            axes.legend(fontsize="x-small")
        # A likelihood has no natural zero; errors, distances, counts and times start at theirs.
        interval = axes.dataLim.intervaly
        if metric.unit == NATS:
            axes.set_ylim(limits(interval))
        else:
            axes.set_ylim(min(0, interval[0]), 1.08 * interval[1] or 1)
        axes.set(ylabel="" if metric.unit == "1" else metric.unit, xlabel="latent size")
        if len(sizes) > 1 and sizes[-1] > 8 * sizes[0]:
            axes.set_xscale("log")
            axes.minorticks_off()
        ticks = sizes if len(sizes) <= 12 else sizes[np.linspace(0, len(sizes) - 1, 12).astype(int)]
        axes.set_xticks(ticks, [str(size) for size in ticks])
    for axes in (plane, *others):
        axes.grid(axis="y")
    return figure
