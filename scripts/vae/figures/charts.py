"""Figures of numbers: where codes lie, how a training went, how runs compare."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from vae.evaluation import comparison as comparisons
from vae.figures.sheet import (
    BLUE,
    COLOURS,
    GRAY,
    LONGEST,
    ORANGE,
    PALE,
    counted,
    duration,
    sheet,
    styled,
)

# A latent dimension is active where the variance of its mean over images exceeds this
# (Burda et al. 2016, arXiv:1509.00519, section 5.2).
ACTIVE = 0.01

# Panels of a comparison: title, figure, its baseline, unit.
PANELS = [
    ("−log p(x), importance-weighted", "nll_importance_weighted", "", "nats an image"),
    ("active units", "active_units", "", "dimensions"),
    ("reconstruction error", "mse", "pca_mse", "mean squared error"),
    ("structural similarity", "ssim", "pca_ssim", "SSIM"),
    (
        "distance of samples, by a classifier",
        "classifier_frechet_distance_mixture",
        "classifier_frechet_distance_floor",
        "Fréchet distance, mixture",
    ),
    ("training", "seconds", "", "seconds"),
]


@styled
def latent_space(
    z: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...], kl: np.ndarray, title: str
) -> Figure:
    """Where the encoder puts images, by class.

    One dimension: a histogram for each class; two: a scatter plot; three: one in space and one from
    each side; more: the first two principal components, and the KL of each dimension.

    z: [N, D], the means of q(z|x); labels: [N], -1 where there is none; kl: [D] in nats.
    """
    groups = _groups(labels, class_names)
    latent_dim = z.shape[1]
    height = {1: max(560, 220 + 96 * len(groups)), 2: 1160, 3: 1280}.get(latent_dim, 900)
    figure = sheet(
        1320 if latent_dim < 4 else 1480,
        height,
        "Latent space of the test images",
        f"{title}   ·   {len(z):,} images, each at the mean of q(z|x)",
        layout="constrained",
    )
    if latent_dim == 1:
        _histograms(figure, z[:, 0], groups)
    elif latent_dim == 2:
        axes = figure.subplots()
        _scatter(axes, z, groups, "z[0]", "z[1]")
        for radius in (1, 2, 3):
            axes.add_patch(Circle((0, 0), radius, fill=False, color=PALE, zorder=0))
        _name(axes, z, groups)
        _legend(axes, groups)
    elif latent_dim == 3:
        _three_sides(figure, z, groups)
    else:
        left, right = figure.subplots(1, 2, width_ratios=(4, 3))
        components, shares = _principal_components(z)
        names = [f"principal component {i + 1} ({shares[i]:.0%} of variance)" for i in (0, 1)]
        _scatter(left, components, groups, *names)
        _name(left, components, groups)
        _legend(left, groups)
        _bars(right, kl, z.var(axis=0) > ACTIVE)
    return figure


@styled
def history(frame: pd.DataFrame, title: str) -> Figure:
    """Losses and learning rate by epoch.

    frame: a row an epoch, the columns epoch, loss, reconstruction, kl (nats an image), the same of
    images held out (test_loss or validation_loss, ...), learning_rate and seconds.
    """
    held_out = "test" if "test_loss" in frame else "validation"
    figure = sheet(
        1400,
        1000,
        "Training history",
        f"{title}   ·   {counted(len(frame), 'epoch')}, {duration(frame['seconds'].sum())}",
        layout="constrained",
    )
    panels = {
        "loss": "loss = reconstruction + β KL",
        "reconstruction": "reconstruction, −log p(x|z)",
        "kl": "KL(q(z|x) ‖ p(z))",
    }
    marker = "o" if len(frame) == 1 else "-"
    *losses, rate = figure.subplots(2, 2, sharex=True).flat
    for axes, (column, name) in zip(losses, panels.items(), strict=True):
        curves = ((column, "training", BLUE), (f"{held_out}_{column}", held_out, ORANGE))
        for key, label, colour in curves:
            last = frame[key].iloc[-1]
            axes.plot(
                frame["epoch"], frame[key], marker, color=colour, label=f"{label} {last:,.2f}"
            )
        axes.set_title(name)
        axes.set_ylabel("nats an image")
        axes.set_ylim(*_limits(frame[[key for key, *_ in curves]].to_numpy()))
        axes.legend(title="at the last epoch", alignment="left")
    rate.plot(frame["epoch"], frame["learning_rate"], marker, color=GRAY)
    rate.set_title("learning rate at the end of the epoch")
    rate.set_ylim(bottom=0)
    for axes in (*losses, rate):
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (losses[2], rate):
        axes.set_xlabel("epoch")
    return figure


@styled
def comparison(rows: pd.DataFrame, title: str) -> Figure:
    """The rows of `comparison.table`: rate against distortion, then figures by latent size."""
    n = int(rows["seeds"].sum())
    figure = sheet(
        LONGEST,
        1060,
        "Which latent size?",
        f"{title}   ·   {counted(n, 'run')}, on test images; a ring marks the best",
        layout="constrained",
    )
    panels = [panel for panel in PANELS if panel[1] in rows]
    columns = math.ceil((1 + len(panels)) / 2)
    plane, *others = figure.subplots(2, columns, squeeze=False).flat
    lines = comparisons.series(rows)
    for (name, line), colour in zip(lines, itertools.cycle(COLOURS), strict=False):
        plane.plot(line["kl"], line["reconstruction"], "o-", color=colour, markersize=4, label=name)
        for row in line.itertuples():
            at = (row.kl, row.reconstruction)
            offset = {"xytext": (5, 4), "textcoords": "offset points", "fontsize": "x-small"}
            plane.annotate(str(row.latent_dim), at, color=colour, **offset)
        for axes, (_, key, *_) in zip(others, panels, strict=False):
            style = {"color": colour, "markersize": 4, "elinewidth": 1, "capsize": 2}
            axes.errorbar(line["latent_dim"], line[key], line[f"{key}_sd"], fmt="o-", **style)
            best = line[[key in names.split() for names in line["best"]]]
            axes.plot(best["latent_dim"], best[key], "o", color=colour, markersize=11, mfc="none")
    plane.set_title("rate and distortion, by latent size")
    plane.set(xlabel="rate: KL, nats an image", ylabel="distortion: reconstruction, nats")
    if len(lines) > 1:
        plane.legend(fontsize="x-small")
    sizes = np.unique(rows["latent_dim"])
    for axes, panel in itertools.zip_longest(others, panels):
        if panel is None:
            axes.set_axis_off()
            continue
        name, key, baseline, unit = panel
        axes.set_title(name)
        if baseline in rows:
            line = rows.groupby("latent_dim")[baseline].mean()
            axes.plot(
                line,
                ":",
                color=GRAY,
                label="PCA" if baseline.startswith("pca") else "training images",
            )
            axes.legend(fontsize="x-small")
        axes.set(ylabel=unit, xlabel="latent size")
        if len(sizes) > 1 and sizes[-1] > 8 * sizes[0]:
            axes.set_xscale("log")
            axes.minorticks_off()
        shown = sizes if len(sizes) <= 12 else sizes[np.linspace(0, len(sizes) - 1, 12).astype(int)]
        axes.set_xticks(shown, [str(size) for size in shown])
    for axes in (plane, *others):
        axes.grid(axis="y")
    return figure


class _Group(NamedTuple):
    """Points that a figure tells apart: their name, their colour, and which they are, bool [N]."""

    name: str
    colour: str
    members: np.ndarray


def _groups(labels: np.ndarray, class_names: tuple[str, ...]) -> list[_Group]:
    """A group for each class; of more than ten classes for the ten largest, and one for the rest.

    The rest comes first, so that it lies below. Without labels all points are one group.
    """
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    if len(classes) == 0:
        return [_Group("", BLUE, labels < 0)]
    largest = np.sort(classes[np.argsort(-counts, kind="stable")[: len(COLOURS)]])
    few = classes[-1] < len(COLOURS)
    groups = [
        _Group(
            class_names[index] if class_names else str(index),
            COLOURS[index if few else i],
            labels == index,
        )
        for i, index in enumerate(largest)
    ]
    rest = ~np.isin(labels, largest)
    others = len(classes) - len(largest)
    if rest.any():
        groups.insert(0, _Group(f"{others} other classes" if others else "no label", PALE, rest))
    return groups


def _points(groups: list[_Group]) -> tuple[float, np.ndarray, np.ndarray]:
    """Area of a point, colour of each, and an order to draw them in that favours no class."""
    n = len(groups[0].members)
    colours = np.empty(n, dtype="U7")
    below = np.zeros(n, bool)
    for group in groups:
        colours[group.members] = group.colour
        below |= group.members & (group.colour == PALE)
    order = np.random.default_rng(0).permutation(n)
    order = order[np.argsort(~below[order], kind="stable")]
    return float(np.clip(40_000 / n, 8, 36)), colours[order], order


def _scatter(axes: Axes, xy: np.ndarray, groups: list[_Group], x_name: str, y_name: str) -> None:
    """Points [N, 2] by group, a unit as long on either axis."""
    size, colours, order = _points(groups)
    axes.scatter(*xy[order].T, c=colours, s=size, alpha=0.6, linewidth=0)
    axes.set_aspect("equal", "datalim")
    axes.set(xlabel=x_name, ylabel=y_name)


def _three_sides(figure: Figure, z: np.ndarray, groups: list[_Group]) -> None:
    """Points [N, 3] in space, and seen along each axis: panels in a column share z[0]."""
    size, colours, order = _points(groups)
    middle = (z.max(axis=0) + z.min(axis=0)) / 2
    reach = 0.53 * max(np.ptp(z, axis=0).max(), 1e-6)
    limits = [(centre - reach, centre + reach) for centre in middle]
    for place, (a, b) in ((1, (0, 1)), (3, (0, 2)), (4, (1, 2))):
        axes = figure.add_subplot(2, 2, place, aspect="equal", xlim=limits[a], ylim=limits[b])
        axes.scatter(z[order, a], z[order, b], c=colours, s=size / 2, alpha=0.6, linewidth=0)
        axes.set(xlabel=f"z[{a}]", ylabel=f"z[{b}]")
    space = figure.add_subplot(2, 2, 2, projection="3d")
    space.scatter(*z[order].T, c=colours, s=size / 3, alpha=0.5, linewidth=0, depthshade=False)
    space.set(xlim=limits[0], ylim=limits[1], zlim=limits[2])
    space.set(xlabel="z[0]", ylabel="z[1]", zlabel="z[2]")
    space.set_box_aspect((1, 1, 1), zoom=0.88)
    for axis in (space.xaxis, space.yaxis, space.zaxis):
        axis.set_major_locator(MaxNLocator(4))
        axis.set_pane_color((1, 1, 1, 0))
    _legend(space, groups)


def _name(axes: Axes, xy: np.ndarray, groups: list[_Group]) -> None:
    """Write the name of a group at its median, as far as names are short and stay apart."""
    apart = 0.04 * np.ptp(xy, axis=0).max()
    taken: list[np.ndarray] = []
    for group in groups:
        middle = np.median(xy[group.members], axis=0)
        free = all(np.abs(middle - other).max() > apart for other in taken)
        if group.colour != PALE and len(group.name) < 3 and free:
            taken.append(middle)
            axes.text(
                *middle,
                group.name,
                weight="bold",
                ha="center",
                va="center",
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )


def _legend(axes: Axes, groups: list[_Group]) -> None:
    """Name the groups to the right of the axes; a single one needs no name."""
    if len(groups) == 1:
        return
    marks = [
        Line2D([], [], marker="o", linestyle="", color=group.colour, label=group.name)
        for group in sorted(groups, key=lambda group: group.colour == PALE)
    ]
    axes.legend(handles=marks, title="class", loc="center left", bbox_to_anchor=(1.01, 0.5))


def _histograms(figure: Figure, z: np.ndarray, groups: list[_Group]) -> None:
    """The density of z [N] in each group, one above the other."""
    edges = np.histogram_bin_edges(z, 80)
    rows = figure.subplots(len(groups), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, group in zip(rows, groups, strict=True):
        axes.hist(z[group.members], edges, density=True, color=group.colour)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        axes.set_ylabel(group.name, rotation=0, ha="right", va="center")
    rows[-1].set_xlabel("z[0]")


def _principal_components(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """z [N, D] on its first two principal axes, [N, 2], and their shares of the variance."""
    centred = z - z.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(z))
    first = slice(None, -3, -1)
    return centred @ axes[:, first], variances[first] / max(variances.sum(), 1e-12)


def _bars(axes: Axes, kl: np.ndarray, active: np.ndarray) -> None:
    """The KL of each dimension, the largest first; those that are not active are pale."""
    order = np.argsort(-kl, kind="stable")
    axes.bar(range(len(kl)), kl[order], color=np.where(active[order], BLUE, PALE))
    axes.set_title(f"{active.sum()} of {len(kl)} dimensions active (blue), {kl.sum():.1f} nats")
    axes.set_ylabel("KL, nats an image")
    axes.set_xlabel("latent dimension, by KL")
    axes.grid(axis="y")
    if len(kl) <= 24:
        axes.set_xticks(range(len(kl)), [f"z[{d}]" for d in order], rotation=90)
    else:
        axes.set_xticks([])


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Limits for curves [epochs, K]: the first epochs may lie beyond, lest the rest be flat."""
    first = math.ceil(len(values) / 20) if len(values) > 3 else 0
    finite = values[first:][np.isfinite(values[first:])]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin
