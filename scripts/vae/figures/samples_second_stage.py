"""Images decoded from draws from a second stage: `samples_second_stage.png`."""

import numpy as np
from matplotlib.figure import Figure

from vae.figures.samples import MOST
from vae.figures.sheet import album, save, styled
from vae.figures.text import numbers, shown
from vae.figures.tiles import how_many_fit, mosaic
from vae.latent import sampling, second_stage
from vae.latent.onnx import Decoder, Velocity
from vae.services.words import counted

FILES = {"samples_second_stage.png": "samples of the second stage"}
OF = "second stage"
SETTINGS_FROM = {"vae.figures.latent_space": ["classes"]}
SETTINGS = {}


def plot(
    path_to_decoder: str,
    path_to_second_stage: str,
    path_to_figure: str,
    classes: list[str] | None,
    guidance: float,
    steps: int,
    seed: int,
    threads: int,
    title: str,
) -> None:
    """Decode draws from a second stage, a row for each class; without classes, a square.

    classes: names of those that have rows; None for as many as fit. guidance, steps: of the draws.

    Raises UserError if a file is damaged, or there is no such class.
    """
    decoder = Decoder(path_to_decoder, threads)
    velocity = Velocity(path_to_second_stage, threads)
    side = how_many_fit(decoder.image_shape, MOST)
    drawn = numbers(classes, velocity.class_names) if velocity.classes else None
    drawn = np.unique(drawn or sampling.classes(side, max(velocity.classes, 1)))[:side]
    rows = len(drawn) if velocity.classes else side
    labels = np.repeat(drawn, side) if velocity.classes else np.zeros(side * side, int)
    z = second_stage.draw(velocity, len(labels), labels, guidance, steps, seed)
    z = sampling.with_detail(z, decoder.latent_size, seed, sampling.TEMPERATURE)
    images = decoder(z, labels)
    title += f"   ·   {counted(steps, 'step')}"
    if velocity.classes:
        title += f", guidance {guidance:g}"
    names = shown(velocity.class_names) if velocity.classes else []
    names = [names[label] for label in drawn if names]
    save(draw(images.reshape(rows, side, *images.shape[1:]), names, title), path_to_figure)


@styled
def draw(images: np.ndarray, names: list[str], title: str) -> Figure:
    """Images [R, N, H, W, C] in [0, 1]; names: of the classes of the rows, if they have any."""
    return album(mosaic(images), "Samples of the second stage", title, names)
