"""A map of codes: for reconstructions as sharp as its size allows.

Each position of the map has the code of a patch and of what lies around it, as in VQ-VAE (van den
Oord et al. 2017, arXiv 1711.00937) and latent diffusion (Rombach et al. 2022, arXiv 2112.10752),
without a dense layer between: so the weights do not grow with the image. From outside, z is one
flat Gaussian code: the map row by row, `latent_dim` values in all.

Images are cut into patches until at most 12 of them lie along the shorter side, but not below 4x4
pixels: 8x8 patches of 4x4 for CIFAR-10, 12x12 of 8x8 for Caltech101 at 92. N(0, I) is a poor guess
at where such codes lie, so samples from it show nothing.
"""

import math

import keras
from keras import layers

from vae.models import maps, resnet
from vae.plan.run_settings import RunSettings
from vae.services.errors import UserError

SETTINGS = {
    "filters": {"type": "whole", "bounds": {"ge": 1, "le": 4096}, "default": 64,
                "abbreviation": "f", "description": "filters of the convolutions"},
}  # fmt: skip
LEARNING_RATE = 0.002  # of Adam
CONDITIONAL = False
SECOND_STAGE = True  # by default, where a dataset has one


def build(
    image_shape: tuple[int, int, int], channels: int, run: RunSettings, classes: int = 0
) -> tuple[keras.Model, keras.Model]:
    """Patches, residual blocks, the codes of all positions; mirrored.

    Raises UserError if latent_dim is not a multiple of the number of positions.
    """
    filters = run.filters
    patch = _patch(image_shape)
    height, width, depth = code_shape(image_shape, run)

    image = keras.Input(image_shape, name="image")
    hidden = layers.Conv2D(filters, patch, patch, "same", name="patches")(image)
    hidden = resnet.block(hidden, "block_1")
    hidden = resnet.block(hidden, "block_2")
    mean = layers.Conv2D(depth, 1, name="mean")(hidden)
    log_var = layers.Conv2D(depth, 1, kernel_initializer="zeros", name="log_var")(hidden)
    posterior = {
        "z_mean": layers.Flatten(name="z_mean")(mean),
        "z_log_var": layers.Flatten(name="z_log_var")(log_var),
    }
    encoder = keras.Model(image, posterior, name="encoder")

    z = keras.Input((run.latent_dim,), name="z")
    hidden = layers.Reshape((height, width, depth), name="map")(z)
    hidden = layers.Conv2D(filters, 3, padding="same", name="features")(hidden)
    for i in (3, 2, 1):
        hidden = resnet.block(hidden, f"block_{i}")
    head = layers.Conv2DTranspose(channels, patch, patch, "same", dtype="float32", name="patches")
    decoder = keras.Model(z, maps.crop(head(hidden), image_shape), name="decoder")
    return encoder, decoder


def positions(image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width of the map."""
    height, width = (math.ceil(side / _patch(image_shape)) for side in image_shape[:2])
    return height, width


def code_shape(image_shape: tuple[int, int, int], run: RunSettings) -> tuple[int, int, int]:
    """The map: height, width and the number of values at each position.

    Raises UserError if latent_dim is not a multiple of the number of positions.
    """
    height, width = positions(image_shape)
    depth, left = divmod(run.latent_dim, height * width)
    if left:
        multiples = [height * width * n for n in (depth, depth + 1) if n]
        raise UserError(
            f"latent_dim {run.latent_dim} does not fit model: spatial. For images of "
            f"{image_shape[0]}x{image_shape[1]} pixels its map has {height}x{width} positions, "
            f"each with as many values, so latent_dim has to be a multiple of {height * width}, "
            f"such as {' or '.join(map(str, multiples))}."
        )
    return height, width, depth


def _patch(image_shape: tuple[int, int, int]) -> int:
    """Pixels along the side of one."""
    return 2 ** max(2, maps.halvings(image_shape, 12))
