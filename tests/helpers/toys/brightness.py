"""How bright the images are that z = 0 and its neighbours give: `brightness.png`."""

import numpy as np

from vae.figures.sheet import save, sheet, styled
from vae.latent import sampling
from vae.latent.onnx import Decoder

FILES = {"brightness.png": "brightness"}
DRAWN_FOR = {"latent_dim": [2]}
SETTINGS = {
    "bins": {"type": "whole", "bounds": {"ge": 1, "le": 99}, "default": 7,
             "description": "bars of `brightness.png`"},
}  # fmt: skip


def plot(path_to_decoder, path_to_figure, bins, title):
    """Draw the brightness of samples."""
    decoder = Decoder(path_to_decoder)
    save(draw(decoder(sampling.prior(50, decoder.latent_dim)), bins, title), path_to_figure)


@styled
def draw(images, bins, title):
    """A histogram of the mean values of images."""
    figure = sheet(800, 600, "Brightness", title, layout="constrained")
    figure.subplots().hist(np.mean(images, axis=(1, 2, 3)), bins)
    return figure
