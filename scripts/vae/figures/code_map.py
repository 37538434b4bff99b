"""A map of test images, on which similar ones lie close to each other: `map.png`."""

import numpy as np
from matplotlib.figure import Figure

from vae.data import images
from vae.figures.groups import Group, by_class, legend, points, write_names
from vae.figures.sheet import HEAD, LONGEST, PALE, RIGHT, box, place, save, sheet, styled
from vae.figures.text import numbers, shown
from vae.figures.tiles import mosaic
from vae.latent import tsne
from vae.latent.tsne import Map
from vae.services import records
from vae.services.words import counted

FILES = {"map.png": "map of similar images"}
DRAWN_ABOVE = {"latent_dim": 3}
SETTINGS_FROM = {"vae.figures.latent_space": ["classes"]}
SETTINGS = {}

SIDE = 580  # of the map, in pixels
CELLS = 20  # images on a side of it, at most


def plot(
    path_to_map: str,
    path_to_images: str,
    path_to_run: str,
    path_to_figure: str,
    classes: list[str] | None,
    title: str,
) -> None:
    """Draw a map of a run's codes by class, or by k-means group where images have no classes.

    classes: names of those that have colours; None for as many as there are colours.

    Raises UserError if a file is damaged, or there is no such class.
    """
    found = tsne.load(path_to_map)
    test = images.load_split(path_to_images, "test")
    class_names = records.read(path_to_run)["class_names"]
    labels, names = test.labels[found.rows], tuple(shown(class_names))
    if (labels >= 0).any():
        groups = by_class(labels, names, numbers(classes, class_names))
    else:
        count = len(np.unique(found.clusters))
        groups = by_class(found.clusters, tuple(f"group {i + 1}" for i in range(count)), None)
    kind = "class" if (labels >= 0).any() else "k-means"
    save(draw(found, groups, kind, test.pixels, title), path_to_figure)


@styled
def draw(found: Map, groups: list[Group], kind: str, pixels: np.ndarray, title: str) -> Figure:
    """The places of images by group, and to the right the images themselves.

    kind: of the groups; pixels: of all test images, uint8 [N, H, W, C].
    """
    about = f"{title}   ·   {counted(len(found.rows), 'test image')}   ·   t-SNE of the codes"
    figure = sheet(LONGEST, HEAD + SIDE + 2 * RIGHT, "A map of similar images", about)
    reach = 1.04 * max(float(np.abs(found.places).max()), 1e-6)
    limits = (-reach, reach)
    frame = box(figure, RIGHT, HEAD, SIDE, SIDE)
    axes = figure.add_axes(frame, xlim=limits, ylim=limits, xticks=[], yticks=[])
    size, colours, order = points(groups)
    axes.scatter(*found.places[order].T, c=colours, s=size / 2, alpha=0.7, linewidth=0)
    write_names(axes, found.places, groups)
    legend(axes, groups, kind)
    picture = thumbnails(found, pixels, reach)
    frame = place(figure, picture, LONGEST - RIGHT - SIDE, HEAD)
    for spine in (*axes.spines.values(), *frame.spines.values()):
        spine.set(visible=True, color=PALE)
    return figure


def thumbnails(found: Map, pixels: np.ndarray, reach: float) -> np.ndarray:
    """The image nearest to the middle of each cell of a map, uint8 [SIDE, SIDE, 3]."""
    at = (found.places * [1, -1] / reach + 1) / 2 * CELLS  # in cells, from the top left corner
    cells = np.clip(at.astype(int), 0, CELLS - 1)
    apart = np.square(at - cells - 0.5).sum(axis=1)
    order = np.argsort(apart, kind="stable")
    _, first = np.unique(cells[order], axis=0, return_index=True)
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    side = SIDE // CELLS
    for i in order[first]:
        tile = mosaic(pixels[found.rows[i]][None, None], (side, side))
        height, width, _ = tile.shape
        left, top = cells[i] * side + [(side - width) // 2, (side - height) // 2]
        picture[top : top + height, left : left + width] = tile
    return picture
