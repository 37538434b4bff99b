"""The test images that fit a run worst, and those that fit it best: `outliers.png`."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from vae.data import images, masks
from vae.data.images import Split
from vae.data.pixels import to_uint8
from vae.evaluation import scores
from vae.figures.sheet import (
    BLUE,
    GRAY,
    HEAD,
    LONGEST,
    ORANGE,
    PALE,
    RIGHT,
    box,
    number,
    place,
    save,
    sheet,
    styled,
)
from vae.figures.text import numbers, shortened, shown
from vae.figures.tiles import how_many_fit, mosaic
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior
from vae.latent.principal_components import principal_components
from vae.latent.scoring import black_and_white, default_sigma, error_maps, scored
from vae.services import records
from vae.services.words import counted

FILES = {"outliers.png": "outliers"}
SETTINGS_FROM = {"vae.figures.latent_space": ["classes"]}
SETTINGS = {
    "outliers": {"type": "whole", "bounds": {"ge": 1, "le": 100}, "default": None,
                 "default_text": "10", "description": "images in a row of `outliers.png`"},
}  # fmt: skip

MOST = 10  # images in a row by default, at most
ROOM = (110, 980)  # height of a row of images and width of a group, in pixels, at most
LEFT, ABOVE, PLANE = 150, 92, 330  # of an image; of a group; the side of the latent plane
WIDE = 46  # of an image, for which there is room for words above it
ROWS = ("image", "reconstruction", "error map")  # and masks, if there are any
CLASS = 12  # letters of a class's name


class Group(NamedTuple):
    """Images that are shown together, each with what the run makes of it.

    name: of the group; colour: of its marks in the latent plane, "" for none; rows: which of the
    test images they are, [N]; pixels: uint8 [N, H, W, C]; reconstructions: [N, H, W, C] in [0, 1];
    error_maps: [N, H, W], in nats; captions: of each; masks: by name, bool [N, H, W].
    """

    name: str
    colour: str
    rows: np.ndarray
    pixels: np.ndarray
    reconstructions: np.ndarray
    error_maps: np.ndarray
    captions: Sequence[str]
    masks: Mapping[str, np.ndarray] = MappingProxyType({})


def plot(
    paths_to_networks: dict[str, str],
    path_to_images: str,
    path_to_scores: str,
    path_to_run: str,
    paths_to_anomalies: Sequence[str],
    path_to_figure: str,
    outliers: int | None,
    classes: list[str] | None,
    map_sigma: float | None,
    threads: int,
    title: str,
) -> None:
    """Draw the test images of the highest and the lowest scores, and the highest of each class.

    paths_to_networks: `encoder`, `posterior` and `decoder`. paths_to_anomalies: of a run with
    thresholds, anomalies.parquet, whose s takes the place of the score, and anomalies.json; below
    the error maps are then what is above the threshold of pixels, and the masks that there are.
    outliers: how many of each; None for as many as fit. classes: names of those shown; None for the
    first. map_sigma: see `scorer_run`.

    Raises UserError if a file is damaged, or there is no such class.
    """
    record = records.read(path_to_run)
    settings, class_names = record["settings"], record["class_names"]
    names = shown(class_names)
    test = images.load_split(path_to_images, "test")
    table = scores.read(path_to_scores, "test", ["score", "code"])
    score, digits, thresholds, of_test = table["score"], 1, None, None
    if paths_to_anomalies:
        path_to_anomalies, path_to_record = paths_to_anomalies
        score = scores.read(path_to_anomalies, "test", ["s"])["s"]
        thresholds = records.read(path_to_record)["thresholds"]
        digits = 3 if thresholds["score"] == "max" else 1  # nats a pixel, or an image
        of_test = masks.load(path_to_images)
    posterior = ApproximatePosterior(
        paths_to_networks["encoder"], paths_to_networks["posterior"], threads
    )
    decoder = Decoder(paths_to_networks["decoder"], threads)
    sigma = default_sigma(decoder.image_shape) if map_sigma is None else map_sigma

    def group(name: str, colour: str, rows: np.ndarray, firsts: Sequence[str] = ()) -> Group:
        some = test[rows]
        if settings["binarize"] == "dynamic":
            some = Split(black_and_white(some.pixels), some.labels)
        found = scored(posterior(some), decoder, settings["likelihood"])
        firsts = firsts or [f"#{row}" for row in rows]
        pairs = zip(firsts, score[rows], strict=True)
        captions = [f"{first}\n{number(value, digits)}" for first, value in pairs]
        maps = error_maps(found.excess, sigma)
        below = {}
        if thresholds:
            below["above threshold"] = maps > thresholds["pixel_threshold"]
        if of_test is not None:
            below["mask"] = of_test[rows]
        made = (some.pixels, found.reconstructions, maps, captions, below)
        return Group(name, colour, rows, *made)

    most = outliers or how_many_fit(decoder.image_shape, MOST)
    order = np.argsort(-score, kind="stable")
    groups = [
        group("highest scores", ORANGE, order[:most]),
        group("lowest scores", BLUE, order[::-1][:most]),
    ]
    chosen = numbers(classes, class_names) or [*range(len(names))]
    first = {label: order[test.labels[order] == label][:1] for label in chosen}
    there = [label for label in chosen if len(first[label])][:most]
    if there:
        rows = np.concatenate([first[label] for label in there])
        above = [shortened(names[label], CLASS) for label in there]
        groups.append(group("highest score of a class", "", rows, above))
    if thresholds:
        title += f"   ·   threshold {number(thresholds['threshold'], digits)}"
    save(draw(groups, *plane(table["code"], score), title), path_to_figure)


def plane(code: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Codes [N, D] as points of a plane [N, 2], and the names of its axes.

    Of two dimensions the codes themselves, of more their principal components, of one the codes and
    the scores.
    """
    if code.shape[1] == 1:
        return np.column_stack([code[:, 0], score]), ["z[0]", "score"]
    if code.shape[1] == 2:
        return code, ["z[0]", "z[1]"]
    components = principal_components(code, 2)
    points = (code - components.mean) @ components.axes.T
    return points, [f"principal component {i}" for i in (1, 2)]


@styled
def draw(groups: Sequence[Group], points: np.ndarray, axis_names: list[str], title: str) -> Figure:
    """Groups of images below one another, and where they lie among the codes of all.

    points: of all test images, [N, 2]. The error maps of all groups have one scale, at whose end
    are a 200th of the pixels of the first group.
    """
    top = max(float(np.quantile(groups[0].error_maps, 0.995)), 1e-9)
    names = [*ROWS, *groups[0].masks]
    left = (LONGEST - HEAD - RIGHT) // len(groups) - ABOVE
    room = min(ROOM[0] * len(names), left), ROOM[1]
    pictures = [mosaic(_rows(group, top), room) for group in groups]
    wide = max(LEFT + max(picture.shape[1] for picture in pictures), 600)
    height = HEAD + sum(ABOVE + len(picture) for picture in pictures) + RIGHT
    figure = sheet(
        wide + 100 + PLANE + RIGHT,
        max(height, HEAD + ABOVE + PLANE + 100),
        "The test images that fit worst and best",
        f"{title}   ·   {counted(len(points), 'test image')}   ·   number and score above each, "
        f"error maps from 0 to {top:.2g} nats a pixel",
    )
    above = HEAD
    for group, picture in zip(groups, pictures, strict=True):
        axes = place(figure, picture, LEFT, above + ABOVE)
        size, count = picture.shape, len(group.rows)
        axes.set_yticks((np.arange(len(names)) + 0.5) * size[0] / len(names), names)
        axes.set_title(group.name, weight="bold")
        if size[1] / count >= WIDE:
            axes.xaxis.tick_top()
            axes.set_xticks((np.arange(count) + 0.5) * size[1] / count, group.captions)
            axes.tick_params(axis="x", labelsize=7, length=0, pad=2)
        above += ABOVE + size[0]
    axes = figure.add_axes(box(figure, wide + 80, HEAD + ABOVE, PLANE, PLANE))
    axes.scatter(*points.T, c=PALE, s=float(np.clip(20_000 / len(points), 2, 16)), linewidth=0)
    for group in groups:
        if group.colour:
            marked = points[group.rows]
            axes.scatter(*marked.T, c=group.colour, s=18, linewidth=0, label=group.name)
    axes.set_title("among the codes of all", color=GRAY)
    axes.set(xlabel=axis_names[0], ylabel=axis_names[1])
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2))
    return figure


def _rows(group: Group, top: float) -> np.ndarray:
    """Images, reconstructions, error maps and masks of a group: uint8 [R, N, H, W, 3]."""
    shape = (*group.pixels.shape[:3], 3)
    maps = mpl.colormaps["inferno"](np.clip(group.error_maps / top, 0, 1))[..., :3]
    below = (mask[..., None].astype(float) for mask in group.masks.values())
    rows = (group.pixels, group.reconstructions, maps, *below)
    return np.stack([np.broadcast_to(to_uint8(row), shape) for row in rows])
