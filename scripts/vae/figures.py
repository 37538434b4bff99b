"""Figures: arrays in, a matplotlib Figure out.

Without pyplot: no global state, no display, and a second less to import. Lengths are in pixels.
"""

import itertools
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from PIL import Image

from scripts.vae import comparison as comparisons
from scripts.vae.files import atomic

DPI = 150
LONGEST = 1500  # side of a figure
ROOM = 1260  # side of the square that the images of a figure fit in
LARGEST = 96  # side to which small images are enlarged
HEAD, FOOT, LEFT, RIGHT = 104, 84, 116, 28
GUTTER, GAP = 56, 2  # between groups of images, between images

# What a plane of three dimensions, a frame of an animation and traversals have instead of ROOM.
PLANES = 9
PLANE_ROOM = (ROOM - 2 * GUTTER) // 3
FRAME_ROOM = 600
TRAVERSAL_ROOM = ROOM - 2 * LEFT

# Ten colours that stay apart for the colour-blind too (Petroff 2021, arXiv:2107.02270).
COLOURS = [mpl.colors.to_hex(colour) for colour in mpl.color_sequences["petroff10"]]
BLUE, ORANGE = COLOURS[0], COLOURS[6]
INK, GRAY, PALE = "#262626", "#707070", "#d8d8d8"

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

styled = mpl.rc_context(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": GRAY,
        "axes.labelcolor": INK,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": "medium",
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "grid.color": PALE,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "text.color": INK,
        "xtick.color": GRAY,
        "xtick.labelsize": "small",
        "ytick.color": GRAY,
        "ytick.labelsize": "small",
    }
)


@styled
def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG: the same bytes for the same arrays."""
    with atomic(path) as part:
        _draw(figure).save(part, optimize=True, dpi=(DPI, DPI))


@styled
def save_animation(figures: Iterable[Figure], path: str | Path, seconds: float = 0.15) -> None:
    """Write figures of one size as a GIF that goes there and back for ever, `seconds` each."""
    images = (_draw(figure) for figure in figures)
    frames = [image.quantize(32 if image.mode == "L" else 128, dither=0) for image in images]
    frames += frames[-2:0:-1]
    with atomic(path) as part:
        frames[0].save(
            part, save_all=True, append_images=frames[1:], duration=round(1000 * seconds), loop=0
        )


def fitting(image_shape: tuple[int, int, int], at_most: int, room: int = ROOM) -> int:
    """How many images of a shape stand side by side unshrunk: at least one, at most `at_most`."""
    return max(1, min(at_most, room // max(image_shape[:2])))


def mosaic(images: np.ndarray, room: tuple[int, int] = (ROOM, ROOM)) -> np.ndarray:
    """Lay images [R, C, H, W, K], uint8 or in [0, 1], out as one picture, uint8 [h, w, 3].

    Each is enlarged by a whole factor, its pixels sharp, as far as `room` (height, width) and
    LARGEST allow; where there is too little room, each is shrunk by a whole factor. The white gaps
    are as wide as a pixel of an image, so that images which fill their frame stay apart.
    """
    rows, columns, height, width, channels = images.shape
    images = _uint8(images)
    shrink = min(math.ceil(max(rows * height / room[0], columns * width / room[1])), height, width)
    if shrink > 1:
        height, width = height // shrink, width // shrink
        whole = images[:, :, : height * shrink, : width * shrink]
        blocks = whole.reshape(rows, columns, height, shrink, width, shrink, channels)
        images = _uint8(blocks.mean(axis=(3, 5)) / 255)
    by = LARGEST // max(height, width)
    while by > 1 and (rows * (height + 1) * by > room[0] or columns * (width + 1) * by > room[1]):
        by -= 1
    gap = max(GAP, by)
    images = images.repeat(max(1, by), axis=2).repeat(max(1, by), axis=3)
    images = np.broadcast_to(images, (*images.shape[:-1], 3))
    images = np.pad(images, ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0)), constant_values=255)
    picture = np.concatenate(np.concatenate(images, axis=1), axis=1)
    return picture[:-gap, :-gap]


@styled
def grid(images: np.ndarray, z: np.ndarray, title: str) -> Figure:
    """Images decoded from `sampling.uniform_grid`, in its layout.

    images: [..., H, W, C] in [0, 1]; z: [..., D] with the same leading axes.
    """
    latent_dim = z.shape[-1]
    if latent_dim > 3:
        return _album(
            mosaic(images),
            "Decoded across the latent space",
            f"{title}   ·   Sobol points of the prior",
        )
    planes = list(zip(images, z, strict=True)) if latent_dim == 3 else [(images, z)]
    columns = math.ceil(math.sqrt(len(planes)))
    rows = math.ceil(len(planes) / columns)
    room = (ROOM - (columns - 1) * GUTTER) // columns
    pictures = [mosaic(part, (room, room)) for part, _ in planes]
    height, width, _ = pictures[0].shape
    top = HEAD + (GUTTER // 2 if latent_dim == 3 else 0)
    figure = _sheet(
        LEFT + columns * (width + GUTTER) - GUTTER + RIGHT,
        top + rows * (height + GUTTER) - GUTTER + FOOT,
        "Decoded across the latent space",
        f"{title}   ·   in equal steps of probability",
    )
    for i, (picture, (_, points)) in enumerate(zip(pictures, planes, strict=True)):
        row, column = divmod(i, columns)
        axes = _place(
            figure, picture, LEFT + column * (width + GUTTER), top + row * (height + GUTTER)
        )
        if latent_dim == 3:
            axes.set_title(f"z[2] = {_number(points[0, 0, 2])}", color=GRAY, pad=4)
        if i + columns >= len(planes):
            _mark(axes.xaxis, points[0, :, 0], "z[0]")
        if latent_dim > 1 and column == 0:
            _mark(axes.yaxis, points[:, 0, 1], "z[1]")
    return figure


@styled
def classes(images: np.ndarray, names: list[str], count: int, title: str) -> Figure:
    """A class a row, the same points of latent space in each.

    images: [R, N, H, W, C] in [0, 1]; names: of the R classes shown, out of `count`.
    """
    picture = mosaic(images)
    height, width, _ = picture.shape
    left = LEFT + 8 * max(0, max(map(len, names)) - 6)
    which = "each class" if len(names) == count else f"{len(names)} of {count} classes"
    figure = _sheet(
        left + width + RIGHT,
        HEAD + height + RIGHT,
        "Decoded by class",
        f"{title}   ·   {which}, the same points of the prior in every row",
    )
    axes = _place(figure, picture, left, HEAD)
    axes.set_yticks((np.arange(len(names)) + 0.5) * height / len(names), names)
    return figure


@styled
def plane(images: np.ndarray, z: np.ndarray, extent: float, title: str) -> Figure:
    """One plane of a grid over three latent dimensions, beside a gauge of z[2].

    images: [R, C, H, W, K] in [0, 1]; z: [R, C, 3]; the gauge goes from -extent to extent.
    """
    picture = mosaic(images, (FRAME_ROOM, FRAME_ROOM))
    height, width, _ = picture.shape
    figure = _sheet(
        LEFT + width + LEFT, HEAD + height + FOOT, "Decoded across the latent space", title
    )
    axes = _place(figure, picture, LEFT, HEAD)
    _mark(axes.xaxis, z[0, :, 0], "z[0]")
    _mark(axes.yaxis, z[:, 0, 1], "z[1]")
    gauge = figure.add_axes(_box(figure, LEFT + width + 44, HEAD + 52, 20, height - 64))
    gauge.set_axis_off()
    gauge.set(xlim=(0, 1), ylim=(-extent, extent))
    gauge.axvline(0.5, color=PALE, linewidth=3, solid_capstyle="round")
    gauge.plot(0.5, z[0, 0, 2], "o", color=INK, markersize=8, clip_on=False)
    gauge.set_title(f"z[2]\n{_number(z[0, 0, 2])}", loc="center", fontsize="small", pad=12)
    return figure


@styled
def samples(images: np.ndarray, title: str, origin: str = "the prior, N(0, I)") -> Figure:
    """Images [N, H, W, C] in [0, 1], decoded from draws from `origin`."""
    columns = math.ceil(math.sqrt(len(images)))
    return _album(
        mosaic(_rows(images, columns)),
        "Decoded from random draws",
        f"{title}   ·   z from {origin}",
    )


@styled
def reconstructions(originals: np.ndarray, decoded: np.ndarray, title: str) -> Figure:
    """Each image above its reconstruction.

    originals: uint8 [N, H, W, C]; decoded: [N, H, W, C] in [0, 1].
    """
    columns = math.ceil(math.sqrt(2 * len(originals)))
    pairs = zip(_rows(originals, columns), _rows(decoded, columns), strict=True)
    bands = [np.stack(pair) for pair in pairs]
    left, gutter = 168, 28
    room = (LONGEST - HEAD - RIGHT) // len(bands) - gutter
    pictures = [mosaic(band, (room, ROOM)) for band in bands]
    height, width, _ = pictures[0].shape
    figure = _sheet(
        left + width + RIGHT,
        HEAD + len(bands) * (height + gutter) - gutter + RIGHT,
        "Test images and their reconstructions",
        f"{title}   ·   decoded from the mean of q(z|x)",
    )
    for i, picture in enumerate(pictures):
        axes = _place(figure, picture, left, HEAD + i * (height + gutter))
        axes.set_yticks([height / 4, 3 * height / 4], ["image", "reconstruction"])
    return figure


@styled
def traversals(
    images: np.ndarray, values: np.ndarray, dimensions: np.ndarray, kl: np.ndarray, title: str
) -> Figure:
    """A latent dimension a row, swept through `values`, beside its KL.

    images: [R, S, H, W, C] in [0, 1]; values: [S]; dimensions: [R], which the rows show;
    kl: [D] in nats, of all dimensions.
    """
    picture = mosaic(images, (ROOM, TRAVERSAL_ROOM))
    height, width, _ = picture.shape
    top = HEAD + GUTTER // 2
    which = "each swept"
    if len(dimensions) < len(kl):
        which = f"the {len(dimensions)} of {len(kl)} dimensions with the highest KL"
    figure = _sheet(
        LEFT + width + 2 * LEFT,
        top + height + FOOT,
        "One latent dimension at a time",
        f"{title}   ·   {which}, the others at 0",
    )
    axes = _place(figure, picture, LEFT, top)
    steps = (np.arange(len(values)) + 0.5) * width / len(values)
    rows = (np.arange(len(dimensions)) + 0.5) * height / len(dimensions)
    every = math.ceil(52 * len(values) / width)
    shown = slice(len(values) // 2 % every, None, every)
    axes.set_xticks(steps[shown], [_number(value, 1) for value in values[shown]])
    axes.set_yticks(rows, [f"z[{dimension}]" for dimension in dimensions])
    axes.set_xlabel("value of the dimension")

    bars = figure.add_axes(_box(figure, LEFT + width + 24, top, 110, height))
    bars.set_axis_off()
    bars.set(xlim=(0, max(kl.max(), 1e-9)), ylim=(height, 0))
    bars.set_title("KL, nats", color=GRAY, fontsize="small", pad=4)
    bars.barh(rows, kl[dimensions], 0.4 * height / len(dimensions), color=BLUE)
    for row, nats in zip(rows, kl[dimensions], strict=True):
        bars.annotate(
            _number(nats),
            (nats, row),
            (5, 0),
            textcoords="offset points",
            color=GRAY,
            fontsize="small",
            va="center_baseline",
        )
    return figure


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
    figure = _sheet(
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
    figure = _sheet(
        1400,
        1000,
        "Training history",
        f"{title}   ·   {_count(len(frame), 'epoch')}, {_duration(frame['seconds'].sum())}",
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
    figure = _sheet(
        LONGEST,
        1060,
        "Which latent size?",
        f"{title}   ·   {_count(n, 'run')}, on test images; a ring marks the best",
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


@styled
def architecture(networks: dict[str, list[dict[str, Any]]], title: str) -> Figure:
    """Both networks: the encoder downwards to the latent space, the decoder upwards from it.

    networks: the layers of "encoder" and of "decoder", each a dict of its name, type, output_shape
    (without the batch), parameters, inputs (names of layers) and detail (such as an activation).
    """
    sides = [_levels(networks[name]) for name in ("encoder", "decoder")]
    widths = [max(map(len, levels)) * (BOX.width + BOX.right) - BOX.right for levels in sides]
    between = 250
    bottom = HEAD + 50 + (max(map(len, sides)) - 1) * (BOX.height + BOX.down) + BOX.height / 2
    figure = _sheet(
        RIGHT + widths[0] + between + widths[1] + RIGHT,
        bottom + BOX.height / 2 + RIGHT,
        "Architecture",
        f"{title}   ·   {sum(map(_parameters, networks.values())):,} parameters",
    )
    width, height = figure.get_size_inches() * DPI
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    centres = RIGHT + widths[0] / 2, RIGHT + widths[0] + between + widths[1] / 2
    for name, levels, centre in zip(("encoder", "decoder"), sides, centres, strict=True):
        down = name == "encoder"
        y = bottom - (BOX.height + BOX.down) * np.arange(len(levels))
        _network(axes, levels, centre, y[::-1] if down else y, down)
        axes.text(
            centre,
            y[-1] - BOX.height / 2 - 20,
            f"{name}, {_parameters(networks[name]):,} parameters",
            ha="center",
            weight="bold",
        )
    start, end = RIGHT + widths[0], RIGHT + widths[0] + between
    _arrow(axes, (start + 8, bottom), (end - 8, bottom), linestyle=":")
    noise = "z = z_mean + σ ε\nσ = exp(z_log_var / 2)\nε from N(0, I)"
    axes.text((start + end) / 2, bottom - 14, noise, color=GRAY, fontsize=8, ha="center")
    return figure


class _Box(NamedTuple):
    """Size of a layer's box and its distances to the next one."""

    width: int = 380
    height: int = 68
    right: int = 24
    down: int = 40


BOX = _Box()


def _parameters(layers: list[dict[str, Any]]) -> int:
    return sum(layer["parameters"] for layer in layers)


def _levels(layers: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Layers by their distance to the input, counted along the longest way."""
    depth: dict[str, int] = {}
    for layer in layers:
        depth[layer["name"]] = 1 + max((depth[name] for name in layer["inputs"]), default=-1)
    return [
        [layer for layer in layers if depth[layer["name"]] == level]
        for level in range(max(depth.values()) + 1)
    ]


def _network(
    axes: Axes, levels: list[list[dict[str, Any]]], centre: float, y: np.ndarray, down: bool
) -> None:
    """Draw the boxes of a network, a level at each y, and an arrow for each input of a layer."""
    places = {
        layer["name"]: (centre + (i - (len(level) - 1) / 2) * (BOX.width + BOX.right), middle)
        for level, middle in zip(levels, y, strict=True)
        for i, layer in enumerate(level)
    }
    layers = [layer for level in levels for layer in level]
    edge = BOX.height / 2 + 4 if down else -BOX.height / 2 - 4
    used = {name for layer in layers for name in layer["inputs"]}
    for layer in layers:
        x, middle = places[layer["name"]]
        for name in layer["inputs"]:
            from_x, from_middle = places[name]
            _arrow(axes, (from_x, from_middle + edge), (x, middle - edge))
        if not layer["inputs"] or layer["name"] not in used:
            colour = ORANGE
        else:
            colour = BLUE if layer["parameters"] else GRAY
        _layer(axes, layer, x - BOX.width / 2, middle - BOX.height / 2, colour)


def _layer(axes: Axes, layer: dict[str, Any], x: float, y: float, colour: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            BOX.width,
            BOX.height,
            boxstyle="round,pad=0,rounding_size=10",
            facecolor=(*mpl.colors.to_rgb(colour), 0.12),
            edgecolor=colour,
        )
    )
    detail = layer.get("detail") or "linear"
    kind = layer["type"] + (f", {detail}" if detail != "linear" else "")
    shape = " × ".join(map(str, layer["output_shape"]))
    count = f"{layer['parameters']:,} parameters" if layer["parameters"] else ""
    inset, upper, lower = 14, y + BOX.height * 0.3, y + BOX.height * 0.72
    style = {"va": "center_baseline", "fontsize": 8}
    axes.text(x + inset, upper, kind, weight="bold", **style)
    axes.text(x + BOX.width - inset, upper, layer["name"], color=GRAY, ha="right", **style)
    axes.text(x + inset, lower, shape, **style)
    axes.text(x + BOX.width - inset, lower, count, color=GRAY, ha="right", **style)


def _arrow(axes: Axes, start: tuple, end: tuple, linestyle: str = "-") -> None:
    style = {"arrowstyle": "-|>", "color": GRAY, "linestyle": linestyle, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)


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


def _uint8(images: np.ndarray) -> np.ndarray:
    """Pixels in [0, 1] as uint8; uint8 as it is."""
    if images.dtype == np.uint8:
        return images
    return np.rint(255 * np.clip(images, 0, 1)).astype(np.uint8)


def _rows(images: np.ndarray, columns: int) -> np.ndarray:
    """Images [N, ...] as [R, columns, ...], the last row filled up with white."""
    images = _uint8(images)
    missing = -len(images) % columns
    white = np.full((missing, *images.shape[1:]), 255, np.uint8)
    return np.concatenate([images, white]).reshape(-1, columns, *images.shape[1:])


def _sheet(
    width: float, height: float, headline: str, title: str, layout: str | None = None
) -> Figure:
    """An empty figure with two lines of title, scaled down where it would be too long."""
    width = max(width, 760)
    dpi = DPI * min(1, LONGEST / max(width, height))
    figure = Figure((width / DPI, height / DPI), dpi=dpi, layout=layout)
    if layout:
        figure.get_layout_engine().set(rect=(0.01, 0, 0.98, 1 - HEAD / height))
    figure.text(RIGHT / width, 1 - 24 / height, headline, size=13, weight="bold", va="top")
    figure.text(RIGHT / width, 1 - 62 / height, title, color=GRAY, va="top")
    return figure


def _box(
    figure: Figure, left: float, top: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """A box given from the top left corner, as shares of the figure from the bottom left one."""
    whole_width, whole_height = figure.get_size_inches() * DPI
    bottom = whole_height - top - height
    return left / whole_width, bottom / whole_height, width / whole_width, height / whole_height


def _album(picture: np.ndarray, headline: str, title: str) -> Figure:
    """A figure of one picture without axes."""
    height, width, _ = picture.shape
    figure = _sheet(RIGHT + width + RIGHT, HEAD + height + RIGHT, headline, title)
    _place(figure, picture, RIGHT, HEAD)
    return figure


def _place(figure: Figure, picture: np.ndarray, left: int, top: int) -> Axes:
    """Draw a picture pixel by pixel; the axes that lie over it count its pixels."""
    height, width, _ = picture.shape
    figure.figimage(picture, left, round(figure.get_figheight() * DPI) - top - height)
    axes = figure.add_axes(_box(figure, left, top, width, height), facecolor="none")
    axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return axes


def _mark(axis: Axis, values: np.ndarray, name: str) -> None:
    """Write some of the values [n] of a grid beside the middles of its cells."""
    n = len(values)
    length = max(axis.get_view_interval())
    most = 6 if length > FRAME_ROOM else 4
    cells = np.unique(np.rint(np.linspace(0, n - 1, most - n % 2)).astype(int))
    axis.set_ticks((cells + 0.5) * length / n, [_number(value) for value in values[cells]])
    axis.set_label_text(name)


def _number(value: float, digits: int = 2) -> str:
    return f"{value:z.{digits}f}".replace("-", "−")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _draw(figure: Figure) -> Image.Image:
    """A figure as an image, gray where it has no colours."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    is_gray = (pixels == pixels[..., :1]).all()
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if is_gray else pixels))
