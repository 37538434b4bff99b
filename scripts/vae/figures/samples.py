"""Images decoded from random draws: `samples.png` and `samples_gmm.png`."""

import math

import numpy as np
from matplotlib.figure import Figure

from vae.figures.sheet import album, save, styled
from vae.figures.tiles import how_many_fit, in_rows, mosaic
from vae.latent import sampling
from vae.latent.mixture import load
from vae.latent.onnx import Decoder
from vae.services.words import counted

FILES = {"samples.png": "samples", "samples_gmm.png": "samples of the mixture"}
SETTINGS = {
    "samples": {"type": "whole", "bounds": {"ge": 1, "le": 10_000}, "default": None,
                "default_text": "100",
                "description": "images in `samples.png` and in `samples_gmm.png`"},
}  # fmt: skip

MOST = 10  # images on a side of the square, at most


def plot(
    path_to_decoder: str,
    path_to_mixture: str | None,
    path_to_figure: str,
    samples: int | None,
    seed: int,
    threads: int,
    title: str,
) -> None:
    """Decode draws from a mixture, or from N(0, I) without one; class by class, if conditional.

    samples: how many; None for as many as fit.

    Raises UserError if a file is damaged.
    """
    decoder = Decoder(path_to_decoder, threads)
    n = samples or how_many_fit(decoder.image_shape, MOST) ** 2
    if path_to_mixture:
        mixture = load(path_to_mixture)
        z = mixture.draw(n, seed)
        origin = f"a mixture of {counted(len(mixture.weights), 'Gaussian')}"
    else:
        z = sampling.prior(n, decoder.latent_dim, seed)
        origin = "the prior, N(0, I)"
    if decoder.latent_size > decoder.latent_dim:
        z = sampling.with_detail(z, decoder.latent_size, seed, sampling.TEMPERATURE)
        origin += f", detail from N(0, {sampling.TEMPERATURE:g}²I)"
    images = decoder(z, sampling.classes(n, decoder.classes))
    save(draw(images, title, origin), path_to_figure)


@styled
def draw(images: np.ndarray, title: str, origin: str) -> Figure:
    """Images [N, H, W, C] in [0, 1], decoded from draws from `origin`."""
    columns = math.ceil(math.sqrt(len(images)))
    return album(
        mosaic(in_rows(images, columns)),
        "Decoded from random draws",
        f"{title}   ·   z from {origin}",
    )
