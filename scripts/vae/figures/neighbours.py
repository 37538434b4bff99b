"""Samples and the training images nearest to them, to see whether they are copies."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import pairwise_distances_argmin_min

from vae.data import images
from vae.data.pixels import flat, to_unit
from vae.figures.sheet import blocks, save, styled
from vae.figures.tiles import how_many_fit, in_rows
from vae.latent import sampling
from vae.latent.onnx import Decoder, Encoder, slices
from vae.services.words import counted

FILES = {"neighbours.png": "nearest training images"}
SETTINGS = {}

BLOCKS = 3  # of samples, each above its nearest training image
MOST = 10  # images in a row, at most
COMPARED = 200  # samples, and reconstructions, whose median distance is given
VALUES = 2**24  # pixels and channels of training images at a time: 64 MB


def plot(
    path_to_images: str,
    path_to_encoder: str,
    path_to_decoder: str,
    path_to_figure: str,
    flip: bool,
    seed: int,
    threads: int,
    title: str,
) -> None:
    """Draw some samples, each above its nearest training image.

    The samples' distances are compared with those of reconstructed test images, which are as
    smooth as samples: test images themselves are farther from any image, whatever the network.

    flip: whether training images count mirrored, too.

    Raises UserError if a file is damaged.
    """
    train, test = (images.load_split(path_to_images, split) for split in ("train", "test"))
    decoder = Decoder(path_to_decoder, threads)
    n = min(COMPARED, len(test))
    samples = sampling.images(decoder, n, seed)
    originals = test[np.random.default_rng(seed).permutation(len(test))[:n]]
    z = Encoder(path_to_encoder, threads)(originals.pixels, originals.labels)
    decoded = decoder(z, originals.labels)
    found, distances = nearest(np.concatenate([samples, decoded]), train.pixels, flip)
    columns = how_many_fit(decoder.image_shape, MOST)
    shown = np.arange(min(n, BLOCKS * columns)) * n // min(n, BLOCKS * columns)
    medians = np.median(distances[:n]), np.median(distances[n:])
    save(draw(samples[shown], found[shown], columns, n, medians, title), path_to_figure)


def nearest(
    queries: np.ndarray, pixels: np.ndarray, flip: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The training image nearest to each query, and its distance [N], the RMSE of their pixels.

    queries: [N, H, W, C] in [0, 1]; pixels: uint8 [M, H, W, C], read once, some at a time; flip:
    take a mirrored image where that is nearer. Returns images uint8 [N, H, W, C].
    """
    found = np.empty(queries.shape, np.uint8)
    distances = np.full(len(queries), np.inf)
    size = queries[0].size
    for rows in slices(len(pixels), VALUES // size):
        for some in (pixels[rows], pixels[rows, :, ::-1])[: 1 + flip]:
            indices, far = pairwise_distances_argmin_min(flat(queries), flat(to_unit(some)))
            nearer = far < distances
            found[nearer], distances[nearer] = some[indices[nearer]], far[nearer]
    return found, distances / np.sqrt(size)


@styled
def draw(
    samples: np.ndarray,
    found: np.ndarray,
    columns: int,
    n: int,
    medians: tuple[float, float],
    title: str,
) -> Figure:
    """Each sample above the training image found for it.

    samples: [N, H, W, C] in [0, 1]; found: uint8 [N, H, W, C]; medians: of the distances of n
    samples and of as many reconstructions of test images.
    """
    pairs = zip(in_rows(samples, columns), in_rows(found, columns), strict=True)
    of_samples, of_reconstructions = medians
    return blocks(
        np.stack([np.stack(pair) for pair in pairs]),
        ["sample", "nearest"],
        "The training images nearest to samples",
        f"{title}   ·   median RMSE {of_samples:.3f} for {counted(n, 'sample')}, "
        f"{of_reconstructions:.3f} for reconstructed test images",
    )
