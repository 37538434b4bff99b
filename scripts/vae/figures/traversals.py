"""What each latent dimension, or principal component, does to an image: `traversals.png`."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from vae.figures.sheet import (
    BLUE,
    FOOT,
    GRAY,
    GUTTER,
    HEAD,
    LEFT,
    box,
    number,
    place,
    save,
    sheet,
    styled,
)
from vae.figures.text import shown
from vae.figures.tiles import ROOM, how_many_fit, mosaic
from vae.latent import codes, sampling
from vae.latent.codes import Information
from vae.latent.onnx import Decoder
from vae.latent.principal_components import MOST_DIMENSIONS, principal_components

FILES = {"traversals.png": "traversals"}
SETTINGS = {
    "traversal_steps": {"type": "whole", "bounds": {"ge": 2, "le": 100}, "default": None,
                        "default_text": "13",
                        "description": "images in a row of `traversals.png`"},
}  # fmt: skip

MOST_STEPS = 13
WIDTH = ROOM - 2 * LEFT  # of the images, which leaves room for the bars


def plot(
    path_to_decoder: str,
    path_to_codes: str,
    path_to_figure: str,
    traversal_steps: int | None,
    threads: int,
    title: str,
) -> None:
    """Sweep the latent dimensions that say most, one at a time, the others at 0.

    Of more than MOST_DIMENSIONS, the first principal components of the training codes, the others
    at their mean.

    traversal_steps: images per row; None for as many as fit, an odd number.

    Raises UserError if a file is damaged.
    """
    decoder = Decoder(path_to_decoder, threads)
    splits = codes.load(path_to_codes).splits
    fit = rows_that_fit(decoder.image_shape)
    steps = traversal_steps or min(fit - (fit + 1) % 2, MOST_STEPS)
    if decoder.latent_dim > MOST_DIMENSIONS:
        sweep = of_components(splits["train"].z, fit, steps)
    else:
        sweep = of_dimensions(splits["test"].information, fit, steps)
    if decoder.classes:
        title += f"   ·   class {shown(decoder.class_names[:1])[0]}"
    save(draw(decoder(sweep.z, 0), sweep, title), path_to_figure)


def rows_that_fit(image_shape: tuple[int, int, int]) -> int:
    """How many rows there are, at most; as many images fit side by side."""
    return how_many_fit(image_shape, MOST_DIMENSIONS, WIDTH)


class Sweep(NamedTuple):
    """R rows of S codes, along each of which one thing changes.

    z: float32 [R, S, D]; values: of what changes, [S]; names: of the rows, [R]; information: how
    much each row says, [R]; headline, which, scale: texts for the figure.
    """

    z: np.ndarray
    values: np.ndarray
    names: list[str]
    information: Information
    headline: str
    which: str
    scale: str


def of_dimensions(information: Information, rows: int, steps: int) -> Sweep:
    """The latent dimensions that say most, by the information of all."""
    name, unit, amount = information
    dimensions = np.argsort(-amount, kind="stable")[:rows]
    z = sampling.traversals(len(amount), steps)[dimensions]
    which = "each swept"
    if len(dimensions) < len(amount):
        which = f"the {len(dimensions)} of {len(amount)} dimensions with the highest {name}"
    return Sweep(
        z,
        z[0, :, dimensions[0]],
        [f"z[{dimension}]" for dimension in dimensions],
        Information(name, unit, amount[dimensions]),
        "One latent dimension at a time",
        f"{which}, the others at 0",
        "value of the dimension",
    )


def of_components(z: np.ndarray, rows: int, steps: int) -> Sweep:
    """The first principal components of codes z [N, D], swept about the mean of the codes."""
    components = principal_components(z, rows)
    scores = sampling.traversals(len(components.axes), steps)
    return Sweep(
        components.codes(scores),
        scores[0, :, 0],
        [f"PC {i + 1}" for i in range(len(scores))],
        Information("variance", "% of all", 100 * components.shares),
        "One principal component at a time",
        f"the first {len(scores)} components of the training codes, the others at their mean",
        "standard deviations from the mean",
    )


@styled
def draw(images: np.ndarray, sweep: Sweep, title: str) -> Figure:
    """The rows of a sweep, next to how much each says.

    images: those of its codes, [R, S, H, W, C] in [0, 1].
    """
    name, unit, amount = sweep.information
    values = sweep.values
    picture = mosaic(images, (ROOM, WIDTH))
    height, width, _ = picture.shape
    top = HEAD + GUTTER // 2
    figure = sheet(
        LEFT + width + 2 * LEFT,
        top + height + FOOT,
        sweep.headline,
        f"{title}   ·   {sweep.which}",
    )
    axes = place(figure, picture, LEFT, top)
    steps = (np.arange(len(values)) + 0.5) * width / len(values)
    rows = (np.arange(len(amount)) + 0.5) * height / len(amount)
    every = math.ceil(52 * len(values) / width)
    marked = slice(len(values) // 2 % every, None, every)
    axes.set_xticks(steps[marked], [number(value, 1) for value in values[marked]])
    axes.set_yticks(rows, sweep.names)
    axes.set_xlabel(sweep.scale)

    bars = figure.add_axes(box(figure, LEFT + width + 24, top, 110, height))
    bars.set_axis_off()
    bars.set(xlim=(0, max(amount.max(), 0.1)), ylim=(height, 0))
    bars.set_title(f"{name}, {unit}", color=GRAY, fontsize="small", pad=4)
    bars.barh(rows, amount, 0.4 * height / len(amount), color=BLUE)
    for row, value in zip(rows, amount, strict=True):
        bars.annotate(
            number(value),
            (value, row),
            (5, 0),
            textcoords="offset points",
            color=GRAY,
            fontsize="small",
            va="center_baseline",
        )
    return figure
