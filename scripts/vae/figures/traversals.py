"""What each latent dimension does to an image: `traversals.png`."""

import math

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
from vae.figures.tiles import ROOM, how_many_fit, mosaic
from vae.latent import codes, sampling
from vae.latent.codes import Information
from vae.latent.onnx import Decoder

FILES = {"traversals.png": "traversals"}
SETTINGS = {
    "traversal_steps": {"type": "whole", "bounds": {"ge": 2, "le": 100}, "default": None,
                        "default_text": "13",
                        "description": "images in a row of `traversals.png`"},
}  # fmt: skip

MOST = 20  # dimensions, at most
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

    traversal_steps: images per dimension; None for as many as fit, an odd number.

    Raises UserError if a file is damaged.
    """
    decoder = Decoder(path_to_decoder, threads)
    information = codes.load(path_to_codes).splits["test"].information
    fit = dimensions_that_fit(decoder.image_shape)
    steps = traversal_steps or min(fit - (fit + 1) % 2, MOST_STEPS)
    dimensions = np.argsort(-information.values, kind="stable")[:fit]
    z = sampling.traversals(decoder.latent_dim, steps)[dimensions]
    values = z[0, :, dimensions[0]]
    if decoder.classes:
        title += f"   ·   class {decoder.class_names[0]}"
    save(draw(decoder(z, 0), values, dimensions, information, title), path_to_figure)


def dimensions_that_fit(image_shape: tuple[int, int, int]) -> int:
    """How many dimensions are swept, at most; as many images fit side by side."""
    return how_many_fit(image_shape, MOST, WIDTH)


@styled
def draw(
    images: np.ndarray,
    values: np.ndarray,
    dimensions: np.ndarray,
    information: Information,
    title: str,
) -> Figure:
    """One row per latent dimension, swept through `values`, next to how much it says.

    images: [R, S, H, W, C] in [0, 1]; values: [S]; dimensions: [R], those of the rows;
    information: of all dimensions.
    """
    name, unit, amount = information
    picture = mosaic(images, (ROOM, WIDTH))
    height, width, _ = picture.shape
    top = HEAD + GUTTER // 2
    which = "each swept"
    if len(dimensions) < len(amount):
        which = f"the {len(dimensions)} of {len(amount)} dimensions with the highest {name}"
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
    marked = slice(len(values) // 2 % every, None, every)
    axes.set_xticks(steps[marked], [number(value, 1) for value in values[marked]])
    axes.set_yticks(rows, [f"z[{dimension}]" for dimension in dimensions])
    axes.set_xlabel("value of the dimension")

    bars = figure.add_axes(box(figure, LEFT + width + 24, top, 110, height))
    bars.set_axis_off()
    bars.set(xlim=(0, max(amount.max(), 1e-9)), ylim=(height, 0))
    bars.set_title(f"{name}, {unit}", color=GRAY, fontsize="small", pad=4)
    bars.barh(rows, amount[dimensions], 0.4 * height / len(dimensions), color=BLUE)
    for row, value in zip(rows, amount[dimensions], strict=True):
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
