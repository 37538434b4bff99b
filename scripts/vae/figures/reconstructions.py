"""Test images and their reconstructions: `reconstructions.png`."""

import math

import numpy as np
from matplotlib.figure import Figure

from vae.data import images
from vae.figures.sheet import blocks, save, styled
from vae.figures.tiles import how_many_fit, in_rows
from vae.latent.onnx import Decoder, Encoder

FILES = {"reconstructions.png": "reconstructions"}
SETTINGS = {
    "reconstructions": {"type": "whole", "bounds": {"ge": 1, "le": 10_000}, "default": None,
                        "default_text": "50", "description": "pairs in `reconstructions.png`"},
}  # fmt: skip

MOST = 10  # images on a side of the square, at most, half of them reconstructions


def plot(
    path_to_images: str,
    path_to_encoder: str,
    path_to_decoder: str,
    path_to_figure: str,
    reconstructions: int | None,
    seed: int,
    threads: int,
    title: str,
) -> None:
    """Draw random test images, each above its reconstruction from its code without noise.

    reconstructions: how many; None for as many as fit.

    Raises UserError if a file is damaged.
    """
    test = images.load_split(path_to_images, "test")
    n = reconstructions or max(1, how_many_fit(test.pixels.shape[1:], MOST) ** 2 // 2)
    indices = np.random.default_rng(seed).permutation(len(test))[:n]
    originals = test[indices[np.argsort(test.labels[indices], kind="stable")]]
    z = Encoder(path_to_encoder, threads)(originals.pixels, originals.labels)
    decoded = Decoder(path_to_decoder, threads)(z, originals.labels)
    save(draw(originals.pixels, decoded, title), path_to_figure)


@styled
def draw(originals: np.ndarray, decoded: np.ndarray, title: str) -> Figure:
    """Each image above its reconstruction.

    originals: uint8 [N, H, W, C]; decoded: [N, H, W, C] in [0, 1].
    """
    columns = math.ceil(math.sqrt(2 * len(originals)))
    pairs = zip(in_rows(originals, columns), in_rows(decoded, columns), strict=True)
    return blocks(
        np.stack([np.stack(pair) for pair in pairs]),
        ["image", "reconstruction"],
        "Test images and their reconstructions",
        f"{title}   ·   decoded from the mean of q(z|x)",
    )
