"""Figures of images: arrays in, a matplotlib Figure out. Lengths are in pixels."""

import math

import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from vae.figures.sheet import (
    BLUE,
    FOOT,
    GRAY,
    HEAD,
    INK,
    LEFT,
    LONGEST,
    PALE,
    RIGHT,
    box,
    number,
    place,
    sheet,
    styled,
)
from vae.figures.tiles import ROOM, in_rows, mosaic

GUTTER = 56  # between groups of images

# What a plane of three dimensions, a frame of an animation and traversals have instead of ROOM.
PLANES = 9
PLANE_ROOM = (ROOM - 2 * GUTTER) // 3
FRAME_ROOM = 600
TRAVERSAL_ROOM = ROOM - 2 * LEFT


def fitting(image_shape: tuple[int, int, int], at_most: int, room: int = ROOM) -> int:
    """How many images of a shape stand side by side unshrunk: at least one, at most `at_most`."""
    return max(1, min(at_most, room // max(image_shape[:2])))


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
    figure = sheet(
        LEFT + columns * (width + GUTTER) - GUTTER + RIGHT,
        top + rows * (height + GUTTER) - GUTTER + FOOT,
        "Decoded across the latent space",
        f"{title}   ·   in equal steps of probability",
    )
    for i, (picture, (_, points)) in enumerate(zip(pictures, planes, strict=True)):
        row, column = divmod(i, columns)
        axes = place(
            figure, picture, LEFT + column * (width + GUTTER), top + row * (height + GUTTER)
        )
        if latent_dim == 3:
            axes.set_title(f"z[2] = {number(points[0, 0, 2])}", color=GRAY, pad=4)
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
    figure = sheet(
        left + width + RIGHT,
        HEAD + height + RIGHT,
        "Decoded by class",
        f"{title}   ·   {which}, the same points of the prior in every row",
    )
    axes = place(figure, picture, left, HEAD)
    axes.set_yticks((np.arange(len(names)) + 0.5) * height / len(names), names)
    return figure


@styled
def plane(images: np.ndarray, z: np.ndarray, extent: float, title: str) -> Figure:
    """One plane of a grid over three latent dimensions, beside a gauge of z[2].

    images: [R, C, H, W, K] in [0, 1]; z: [R, C, 3]; the gauge goes from -extent to extent.
    """
    picture = mosaic(images, (FRAME_ROOM, FRAME_ROOM))
    height, width, _ = picture.shape
    figure = sheet(
        LEFT + width + LEFT, HEAD + height + FOOT, "Decoded across the latent space", title
    )
    axes = place(figure, picture, LEFT, HEAD)
    _mark(axes.xaxis, z[0, :, 0], "z[0]")
    _mark(axes.yaxis, z[:, 0, 1], "z[1]")
    gauge = figure.add_axes(box(figure, LEFT + width + 44, HEAD + 52, 20, height - 64))
    gauge.set_axis_off()
    gauge.set(xlim=(0, 1), ylim=(-extent, extent))
    gauge.axvline(0.5, color=PALE, linewidth=3, solid_capstyle="round")
    gauge.plot(0.5, z[0, 0, 2], "o", color=INK, markersize=8, clip_on=False)
    gauge.set_title(f"z[2]\n{number(z[0, 0, 2])}", loc="center", fontsize="small", pad=12)
    return figure


@styled
def samples(images: np.ndarray, title: str, origin: str = "the prior, N(0, I)") -> Figure:
    """Images [N, H, W, C] in [0, 1], decoded from draws from `origin`."""
    columns = math.ceil(math.sqrt(len(images)))
    return _album(
        mosaic(in_rows(images, columns)),
        "Decoded from random draws",
        f"{title}   ·   z from {origin}",
    )


@styled
def reconstructions(originals: np.ndarray, decoded: np.ndarray, title: str) -> Figure:
    """Each image above its reconstruction.

    originals: uint8 [N, H, W, C]; decoded: [N, H, W, C] in [0, 1].
    """
    columns = math.ceil(math.sqrt(2 * len(originals)))
    pairs = zip(in_rows(originals, columns), in_rows(decoded, columns), strict=True)
    bands = [np.stack(pair) for pair in pairs]
    left, gutter = 168, 28
    room = (LONGEST - HEAD - RIGHT) // len(bands) - gutter
    pictures = [mosaic(band, (room, ROOM)) for band in bands]
    height, width, _ = pictures[0].shape
    figure = sheet(
        left + width + RIGHT,
        HEAD + len(bands) * (height + gutter) - gutter + RIGHT,
        "Test images and their reconstructions",
        f"{title}   ·   decoded from the mean of q(z|x)",
    )
    for i, picture in enumerate(pictures):
        axes = place(figure, picture, left, HEAD + i * (height + gutter))
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
    figure = sheet(
        LEFT + width + 2 * LEFT,
        top + height + FOOT,
        "One latent dimension at a time",
        f"{title}   ·   {which}, the others at 0",
    )
    axes = place(figure, picture, LEFT, top)
    steps = (np.arange(len(values)) + 0.5) * width / len(values)
    rows = (np.arange(len(dimensions)) + 0.5) * height / len(dimensions)
    every = math.ceil(52 * len(values) / width)
    shown = slice(len(values) // 2 % every, None, every)
    axes.set_xticks(steps[shown], [number(value, 1) for value in values[shown]])
    axes.set_yticks(rows, [f"z[{dimension}]" for dimension in dimensions])
    axes.set_xlabel("value of the dimension")

    bars = figure.add_axes(box(figure, LEFT + width + 24, top, 110, height))
    bars.set_axis_off()
    bars.set(xlim=(0, max(kl.max(), 1e-9)), ylim=(height, 0))
    bars.set_title("KL, nats", color=GRAY, fontsize="small", pad=4)
    bars.barh(rows, kl[dimensions], 0.4 * height / len(dimensions), color=BLUE)
    for row, nats in zip(rows, kl[dimensions], strict=True):
        bars.annotate(
            number(nats),
            (nats, row),
            (5, 0),
            textcoords="offset points",
            color=GRAY,
            fontsize="small",
            va="center_baseline",
        )
    return figure


def _album(picture: np.ndarray, headline: str, title: str) -> Figure:
    """A figure of one picture without axes."""
    height, width, _ = picture.shape
    figure = sheet(RIGHT + width + RIGHT, HEAD + height + RIGHT, headline, title)
    place(figure, picture, RIGHT, HEAD)
    return figure


def _mark(axis: Axis, values: np.ndarray, name: str) -> None:
    """Write some of the values [n] of a grid beside the middles of its cells."""
    n = len(values)
    length = max(axis.get_view_interval())
    most = 6 if length > FRAME_ROOM else 4
    cells = np.unique(np.rint(np.linspace(0, n - 1, most - n % 2)).astype(int))
    axis.set_ticks((cells + 0.5) * length / n, [number(value) for value in values[cells]])
    axis.set_label_text(name)
