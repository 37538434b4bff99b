"""Images decoded from a grid over the latent space: `grid.png`."""

import math

import numpy as np
from matplotlib.figure import Figure

from vae.figures.sheet import (
    FOOT,
    GRAY,
    GUTTER,
    HEAD,
    LEFT,
    RIGHT,
    album,
    mark_cells,
    number,
    place,
    save,
    sheet,
    styled,
)
from vae.figures.text import numbers, shown
from vae.figures.tiles import ROOM, how_many_fit, mosaic
from vae.latent import codes, sampling
from vae.latent.onnx import Decoder
from vae.latent.principal_components import principal_components

FILES = {"grid.png": "uniform grid"}
SETTINGS_FROM = {"vae.figures.latent_space": ["classes"]}
SETTINGS = {
    "grid_size": {"type": "whole", "bounds": {"ge": 1, "le": 100}, "default": None,
                  "default_text": "20; in three dimensions 10",
                  "description": "images along a side of `grid.png` and of a frame of `grid.gif`"},
}  # fmt: skip

MOST = 20  # images on a side, at most
MOST_OF_A_PLANE = 10  # of three dimensions, which take a plane for each z[2]
PLANE = "first two principal components"


def plot(
    path_to_decoder: str,
    path_to_codes: str | None,
    path_to_figure: str,
    classes: list[str] | None,
    grid_size: int | None,
    seed: int,
    threads: int,
    title: str,
) -> None:
    """Decode a grid of latent points and draw each image in its place.

    A conditional run has a row for each class, decoded from the same points.

    path_to_codes: if given, points are in the plane of the first two principal components of the
    training codes, which is taken to be normal; else in the whole space.
    classes: names of those that have rows; None for as many as fit.
    grid_size: images on a side; None for as many as fit.

    Raises UserError if a file is damaged, or there is no such class.
    """
    decoder = Decoder(path_to_decoder, threads)
    components, latent_dim = None, decoder.latent_dim
    if path_to_codes:
        components = principal_components(codes.load(path_to_codes).splits["train"].z, 2)
        latent_dim = 2
    if decoder.classes:
        names = shown(decoder.class_names)
        most = how_many_fit(decoder.image_shape, MOST)
        labels = numbers(classes, decoder.class_names) or sampling.classes(most, decoder.classes)
        labels = np.unique(labels)[:most]
        points = sampling.spread(grid_size or most, latent_dim, seed)
        z = components.codes(points) if components else points
        images = decoder(np.tile(z, (len(labels), 1, 1)), labels[:, None])
        rows = [names[label] for label in labels]
        figure = draw_classes(images, rows, len(names), title, bool(components))
    else:
        side = grid_size or side_that_fits(decoder.image_shape, latent_dim)
        points = sampling.uniform_grid(latent_dim, side, seed=seed)
        images = decoder(components.codes(points) if components else points)
        figure = draw(images, points, title, bool(components))
    save(figure, path_to_figure)


def side_that_fits(image_shape: tuple[int, int, int], latent_dim: int) -> int:
    """How many images a side of the grid has by default."""
    if latent_dim == 3:
        return how_many_fit(image_shape, MOST_OF_A_PLANE, _room(sampling.PLANES))
    return how_many_fit(image_shape, MOST)


@styled
def draw(images: np.ndarray, z: np.ndarray, title: str, of_components: bool = False) -> Figure:
    """Images decoded from `sampling.uniform_grid`, in its layout.

    images: [..., H, W, C] in [0, 1]; z: [..., D] with the same leading axes; of_components: z is
    not in the latent space but in the plane of its first two principal components.
    """
    latent_dim = z.shape[-1]
    names, where = ("z[0]", "z[1]"), "in equal steps of probability"
    if of_components:
        names = tuple(f"PC {i}, standard deviations" for i in (1, 2))
        where = f"{PLANE}, {where}"
    if latent_dim > 3:
        return album(
            mosaic(images),
            "Decoded across the latent space",
            f"{title}   ·   Sobol points of the prior",
        )
    planes = list(zip(images, z, strict=True)) if latent_dim == 3 else [(images, z)]
    columns = math.ceil(math.sqrt(len(planes)))
    rows = math.ceil(len(planes) / columns)
    room = _room(len(planes))
    pictures = [mosaic(part, (room, room)) for part, _ in planes]
    height, width, _ = pictures[0].shape
    top = HEAD + (GUTTER // 2 if latent_dim == 3 else 0)
    figure = sheet(
        LEFT + columns * (width + GUTTER) - GUTTER + RIGHT,
        top + rows * (height + GUTTER) - GUTTER + FOOT,
        "Decoded across the latent space",
        f"{title}   ·   {where}",
    )
    for i, (picture, (_, points)) in enumerate(zip(pictures, planes, strict=True)):
        row, column = divmod(i, columns)
        axes = place(
            figure, picture, LEFT + column * (width + GUTTER), top + row * (height + GUTTER)
        )
        if latent_dim == 3:
            axes.set_title(f"z[2] = {number(points[0, 0, 2])}", color=GRAY, pad=4)
        if i + columns >= len(planes):
            mark_cells(axes.xaxis, points[0, :, 0], names[0])
        if latent_dim > 1 and column == 0:
            mark_cells(axes.yaxis, points[:, 0, 1], names[1])
    return figure


@styled
def draw_classes(
    images: np.ndarray, names: list[str], count: int, title: str, of_components: bool = False
) -> Figure:
    """One row per class, each decoded from the same points of latent space.

    images: [R, N, H, W, C] in [0, 1]; names: of these R classes, out of `count`; of_components:
    the points are in the plane of the first two principal components.
    """
    which = "each class" if len(names) == count else f"{len(names)} of {count} classes"
    origin = f"the {PLANE}" if of_components else "the prior"
    title += f"   ·   {which}, the same points of {origin} in every row"
    return album(mosaic(images), "Decoded by class", title, names)


def _room(planes: int) -> int:
    """Pixels on the side of one of several planes."""
    columns = math.ceil(math.sqrt(planes))
    return (ROOM - (columns - 1) * GUTTER) // columns
