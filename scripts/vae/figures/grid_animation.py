"""A walk through the third of three latent dimensions: `grid.gif`."""

import numpy as np
from matplotlib.figure import Figure

from vae.figures.sheet import (
    FOOT,
    HEAD,
    INK,
    LEFT,
    PALE,
    box,
    mark_cells,
    number,
    place,
    save_animation,
    sheet,
    styled,
)
from vae.figures.text import shown
from vae.figures.tiles import how_many_fit, mosaic
from vae.latent import sampling
from vae.latent.onnx import Decoder
from vae.services.errors import UserError

FILES = {"grid.gif": "walk through z[2]"}
DRAWN_FOR = {"latent_dim": [3], "conditional": [False]}
SETTINGS = {
    "grid_size": {"type": "whole", "bounds": {"ge": 1, "le": 100}, "default": None,
                  "default_text": "20; in three dimensions 10",
                  "description": "images along a side of `grid.png` and of a frame of `grid.gif`"},
    "frames": {"type": "whole", "bounds": {"ge": 2, "le": 500}, "default": 41,
               "description": "steps of `grid.gif` through the third dimension"},
}  # fmt: skip

MOST = 10  # images on a side, at most
ROOM = 600  # pixels on a side of the images


def animate(
    path_to_decoder: str,
    path_to_figure: str,
    grid_size: int | None,
    frames: int,
    threads: int,
    title: str,
) -> None:
    """Decode a grid over z[0] and z[1] for each of many z[2]; of the first class, if conditional.

    grid_size: images on a side; None for as many as fit. frames: how many z[2].

    Raises UserError if the latent space does not have three dimensions or a file is damaged.
    """
    decoder = Decoder(path_to_decoder, threads)
    if decoder.latent_dim != 3:
        raise UserError(
            f"{path_to_figure} walks through the third dimension of a latent space that has three; "
            f"this one has {decoder.latent_dim}. Ask for grid.png instead."
        )
    if decoder.classes:
        title += f"   ·   class {shown(decoder.class_names[:1])[0]}"
    side = grid_size or how_many_fit(decoder.image_shape, MOST, ROOM)
    z = sampling.uniform_grid(3, side, frames)
    extent = float(z[-1, 0, 0, 2])
    planes = (draw(decoder(plane, 0), plane, extent, title) for plane in z)
    save_animation(planes, path_to_figure)


@styled
def draw(images: np.ndarray, z: np.ndarray, extent: float, title: str) -> Figure:
    """One plane of a grid over three latent dimensions, beside a gauge of z[2].

    images: [R, C, H, W, K] in [0, 1]; z: [R, C, 3]; the gauge goes from -extent to extent.
    """
    picture = mosaic(images, (ROOM, ROOM))
    height, width, _ = picture.shape
    figure = sheet(
        LEFT + width + LEFT, HEAD + height + FOOT, "Decoded across the latent space", title
    )
    axes = place(figure, picture, LEFT, HEAD)
    mark_cells(axes.xaxis, z[0, :, 0], "z[0]")
    mark_cells(axes.yaxis, z[:, 0, 1], "z[1]")
    gauge = figure.add_axes(box(figure, LEFT + width + 44, HEAD + 52, 20, height - 64))
    gauge.set_axis_off()
    gauge.set(xlim=(0, 1), ylim=(-extent, extent))
    gauge.axvline(0.5, color=PALE, linewidth=3, solid_capstyle="round")
    gauge.plot(0.5, z[0, 0, 2], "o", color=INK, markersize=8, clip_on=False)
    gauge.set_title(f"z[2]\n{number(z[0, 0, 2])}", loc="center", fontsize="small", pad=12)
    return figure
