"""The runs of a dataset side by side: `comparison.png`, and the same as a table."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from vae.evaluation.comparison import TABLE, families, read, series
from vae.evaluation.sample_metrics import FLOOR, ORIGINS, full_name
from vae.figures import curves
from vae.figures.colours import COLOURS
from vae.figures.sheet import (
    GRAY,
    HEAD,
    INK,
    LONGEST,
    PALE,
    box,
    duration,
    limits,
    number,
    save,
    sheet,
    styled,
)
from vae.services.files import atomic
from vae.services.words import counted

FILES = {"comparison.png": "comparison"}
OF = "dataset"
SETTINGS = {}

MOST = 24  # rows that are drawn
NAMES, PANEL, ROW, AXIS, CURVES = 320, 156, 34, 76, 330  # pixels
TEXT = (240, 100, 100, 70)  # pixels that the words beside each panel take
SMALL = 7.5
NAME = 40  # characters of a run's name, at most
KIND = ("model", "prior", "likelihood", "conditional", "binarize")  # settings that say it
SAMPLES = tuple(origin for origin in ORIGINS if origin not in (FLOOR, "reconstructions"))
LIKELIHOODS = ("bits_per_dimension", "nll_importance_weighted", "elbo")
MANY = 3  # latent sizes, from which a curve says something
DASHES = ("-", "--", ":", "-.")


def compare(
    paths_to_runs: list[str],
    paths_to_metrics: list[str],
    paths_to_representations: list[str],
    paths_to_qualities: list[str],
    path_to_baselines: str,
    path_to_table: str,
    path_to_figure: str,
    recommended: list[str],
    title: str,
) -> None:
    """Compare runs by their records, all in the same order.

    path_to_baselines: of their dataset; recommended: runs that come first.

    Raises UserError if one of these files is damaged.
    """
    paths = (paths_to_runs, paths_to_metrics, paths_to_representations, paths_to_qualities)
    rows = read(*paths, path_to_baselines, recommended)
    with atomic(path_to_table) as part:
        rows.to_csv(part, index=False, float_format="%.6g")
    save(draw(rows, title), path_to_figure)


@styled
def draw(rows: pd.DataFrame, title: str) -> Figure:
    """Which run is best for what: a line a run; below, metrics by latent size where there are many.

    rows: as returned by `evaluation.comparison.table`. The first MOST of them are drawn, and those
    that are best in something come before others.
    """
    n, warned = int(rows["seeds"].sum()), int((rows["warnings"] != "").sum())
    shown, left_out = _shown(rows)
    about = f"{title}   ·   {counted(n, 'run')}, on test images; a ring marks the best"
    if left_out:
        about += f"; {counted(left_out, 'more row')} in comparison.csv"
    if warned:
        about += f"; {counted(warned, 'row')} of comparison.csv with warnings"
    colours = dict(zip(dict.fromkeys(_kinds(rows)), itertools.cycle(COLOURS), strict=False))
    lines = [line for line in series(rows) if line[1]["latent_dim"].nunique() >= MANY]
    height = HEAD + 24 + len(shown) * ROW + AXIS + (CURVES + AXIS if lines else 0)
    figure = sheet(LONGEST, height, "Which run is best for what?", about)
    kinds = _kinds(shown)
    panels = (_samples, _errors, _likelihoods, _seconds)
    for i, panel in enumerate(panels):
        left = NAMES + i * PANEL + sum(TEXT[:i])
        place = (left, HEAD + 24, PANEL, len(shown) * ROW)
        axes = figure.add_axes(box(figure, *place))
        axes.set(ylim=(len(shown) - 0.5, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        for y in range(0, len(shown), 2):
            axes.axhspan(y - 0.5, y + 0.5, color=PALE, alpha=0.3, linewidth=0)
        panel(axes, shown, [colours[kind] for kind in kinds])
        axes.xaxis.label.set(size=6.5, color=GRAY)
        axes.tick_params(labelsize=6.5)
        if i == 0:
            _write_names(axes, shown, kinds)
    if lines:
        of_lines = [colours[_kinds(line)[0]] for _, line in lines]
        curves.draw(figure, height - CURVES - 30, lines, of_lines)
    return figure


def _shown(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The rows that are drawn, and how many are not."""
    if len(rows) <= MOST:
        return rows, 0
    first = rows["recommended"] | (rows["best"] != "")
    kept = pd.concat([rows[first], rows[~first]])[:MOST].sort_index()
    return kept.reset_index(drop=True), len(rows) - MOST


def _kinds(rows: pd.DataFrame) -> list[str]:
    """What kind of run each row is, in words: what differs, such as "ladder" or "resnet, flow"."""
    keys = [key for key in KIND if key in rows]
    return [
        ", ".join(filter(None, (_word(key, row[key]) for key in keys)))
        for _, row in rows.iterrows()
    ]


def _word(key: str, value: object) -> str:
    usual = {("prior", "normal"), ("conditional", False), ("binarize", "none")}
    words = {("conditional", True): "conditional", ("binarize", "dynamic"): "black and white"}
    return "" if (key, value) in usual else words.get((key, value), str(value))


def _write_names(axes: Axes, rows: pd.DataFrame, kinds: list[str]) -> None:
    for y, row in enumerate(rows.itertuples()):
        name = row.runs.split()[0]
        name = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
        if row.seeds > 1:
            name += f" and {counted(row.seeds - 1, 'more seed')}"
        about = ["recommended"] * row.recommended + [kinds[y]] * bool(kinds[y])
        style = {"transform": axes.get_yaxis_transform(), "va": "center", "ha": "right"}
        x, shift = -14 / PANEL, 0.18 if about else 0
        weight = "bold" if row.recommended else "normal"
        axes.text(x, y - shift, name, **style, size=SMALL, weight=weight)
        axes.text(x, y + 0.26, "   ·   ".join(about), **style, size=6.5, color=GRAY)


def _samples(axes: Axes, rows: pd.DataFrame, colours: list[str]) -> None:
    """The lowest Fréchet distance of samples, whatever these are drawn from."""
    names = {full_name("frechet_distance", origin): origin for origin in SAMPLES}
    there = rows[[name for name in names if name in rows]]
    axes.set_title("samples: Fréchet distance", fontsize=SMALL)
    if there.empty or there.isna().all(axis=None):
        return _leave_empty(axes)
    chosen = there.fillna(np.inf).idxmin(axis=1)
    values = there.min(axis=1)
    noise = pd.Series([rows.loc[i, f"{name}_sd"] for i, name in chosen.items()]).fillna(0)
    best = values - values.min() <= np.maximum(noise, noise[values.idxmin()])
    origins = [ORIGINS[names[name]][0] for name in chosen]
    words = [f"{value:.2f}  {origin}" for value, origin in zip(values, origins, strict=True)]
    _dots(axes, values, words, best, colours, log=True)
    if (floor := full_name("frechet_distance", FLOOR)) in rows:
        real = rows[floor].mean()
        axes.axvline(real, linestyle=":", color=GRAY)
        axes.set(xlim=(min(real / 1.2, axes.get_xlim()[0]), None), xlabel="dotted: real images")
    return None


def _errors(axes: Axes, rows: pd.DataFrame, colours: list[str]) -> None:
    axes.set_title("sharpness: squared error", fontsize=SMALL)
    _dots(axes, rows["mse"], [f"{v:.4f}" for v in rows["mse"]], _best(rows, "mse"), colours, True)
    if "pca_mse" in rows:
        axes.scatter(rows["pca_mse"], range(len(rows)), marker="|", s=60, color=GRAY)
        axes.set_xlabel("gray lines: PCA of that size")


def _likelihoods(axes: Axes, rows: pd.DataFrame, colours: list[str]) -> None:
    """Of the metric, and of the likelihoods that can be compared, that most rows have."""
    groups = []
    for name in (name for name in LIKELIHOODS if name in rows):
        metric = TABLE[name]
        for _, family in families(rows, metric.group):
            groups.append((family[name].notna().sum(), name, family.index))
    _, name, among = max(groups, key=lambda group: group[0])
    metric = TABLE[name]
    axes.set_title(f"likelihood: {metric.title.partition(',')[0]}", fontsize=SMALL)
    values = rows[name].where(rows.index.isin(among))
    words = [number(value) for value in rows[name]]
    best = [is_best and i in among for i, is_best in enumerate(_best(rows, name))]
    _dots(axes, values, words, best, colours)
    others = rows.index.difference(among)
    if len(others):
        axes.set_xlabel(f"{metric.unit}; without a dot:\nnot comparable")
    else:
        axes.set_xlabel(metric.unit)


def _seconds(axes: Axes, rows: pd.DataFrame, colours: list[str]) -> None:
    axes.set_title("time of training", fontsize=SMALL)
    words = [duration(seconds) for seconds in rows["seconds"]]
    _dots(axes, rows["seconds"], words, [False] * len(rows), colours, True)
    axes.set_xlabel("seconds")


def _best(rows: pd.DataFrame, name: str) -> list[bool]:
    return [name in best.split() for best in rows["best"]]


def _dots(
    axes: Axes,
    values: pd.Series,
    words: Sequence[str],
    best: Sequence[bool],
    colours: Sequence[str],
    log: bool = False,
) -> None:
    """A dot for each value that is there, and beside it all words that are not NaN."""
    for y, (value, text, is_best, colour) in enumerate(
        zip(values, words, best, colours, strict=True)
    ):
        if np.isfinite(value):
            axes.plot(value, y, "o", color=colour, markersize=5)
        if is_best and np.isfinite(value):
            axes.plot(value, y, "o", color=colour, markersize=11, mfc="none", clip_on=False)
        if not text.startswith("nan"):
            style = {"transform": axes.get_yaxis_transform(), "va": "center", "size": SMALL}
            weight, ink = ("bold", INK) if is_best else ("normal", GRAY)
            axes.text(1.05, y, text, **style, color=ink, weight=weight)
    finite = values[np.isfinite(values) & ((values > 0) | (not log))]
    if log and len(finite):
        axes.set_xscale("log")
        low, high = limits(np.log10(finite.to_numpy()), least=1.0, share=0)
        axes.set_xlim(10**low, 10**high)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    elif len(finite):
        axes.set_xlim(limits(finite.to_numpy()))


def _leave_empty(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not computed", transform=axes.transAxes, ha="center", color=GRAY)
    axes.set_xticks([])
