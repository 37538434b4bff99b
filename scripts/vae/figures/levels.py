"""What each level of a hierarchy adds: `levels.png`."""

import numpy as np
from matplotlib.figure import Figure

from vae.figures.sheet import blocks, save, styled
from vae.figures.tiles import how_many_fit
from vae.latent import sampling
from vae.latent.onnx import Decoder

FILES = {"levels.png": "what each level adds"}
DRAWN_FOR = {"model": ["ladder"]}
SETTINGS = {}

BLOCKS = 3  # of samples, each of which is drawn anew
MOST = 12  # images in a row, at most


def plot(path_to_decoder: str, path_to_figure: str, seed: int, threads: int, title: str) -> None:
    """Draw samples of which the upper groups of z are kept, and those below drawn anew.

    Raises UserError if a file is damaged.
    """
    decoder = Decoder(path_to_decoder, threads)
    groups = decoder.about["latent"]["groups"]
    sizes = [group["dimensions"] for group in groups]
    z = drawn(sizes, how_many_fit(decoder.image_shape, MOST), seed)
    kept = [groups[0]["name"], *(f"and {group['name'].replace('_', ' ')}" for group in groups[1:])]
    save(draw(decoder(z), kept[:-1], title), path_to_figure)


def drawn(sizes: list[int], columns: int, seed: int) -> np.ndarray:
    """z of BLOCKS samples, of which row k keeps the first k + 1 groups, float32 [BLOCKS, R, C, D].

    sizes: of the groups of z. The first column is the sample itself. Detail is drawn as in
    samples.png.
    """
    rng = np.random.default_rng(seed)
    ends = np.cumsum(sizes)
    shape = (BLOCKS, len(sizes) - 1, columns, ends[-1])
    z = rng.standard_normal(shape, np.float32)
    z[..., ends[0] :] *= sampling.TEMPERATURE
    sample = z[:, :1, :1]
    for row, end in enumerate(ends[:-1]):
        z[:, row : row + 1, :, :end] = sample[..., :end]
    z[:, :, :1] = sample
    return z


@styled
def draw(images: np.ndarray, kept: list[str], title: str) -> Figure:
    """A block for each sample, in it a row for each group that is kept besides those above.

    images: [B, R, C, H, W, K] in [0, 1]; kept: names of the groups, [R].
    """
    return blocks(
        images,
        kept,
        "What each level adds",
        f"{title}   ·   a sample, and others that share the named part of z with it",
    )
