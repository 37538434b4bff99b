"""A normal distribution about the mean, of one variance for all pixels, learned.

The sigma-VAE of Rybkin et al. 2021 (arXiv 2006.13202): the variance takes the place of a weight
between reconstruction and KL. Densities are of pixels in [0, 1], so that a good model has a
negative reconstruction loss.
"""

import math

import numpy as np

from vae.data.pixels import flat, to_uint8
from vae.likelihoods.levels import log_normal_mass

SETTINGS = {}
DEFAULT = True


def channels(image_channels, run):
    """Of the decoder: a logit for each value."""
    return image_channels


def parameters(decoder, image_channels):
    """`mean`: [B, H, W, C]; `log_var`: [B, 1], the same for every z."""
    from keras import initializers, layers

    mean = layers.Activation("sigmoid", name="mean")(decoder.output)
    # One learned number out of stock layers: the bias of a dense layer that sees zeros.
    # Tenfold, so that Adam, whose steps have a fixed length, is there within an epoch.
    zeros = layers.Rescaling(0.0, name="nothing")(decoder.inputs[0])
    start = initializers.Constant(math.log(0.05) / 10)
    log_var = layers.Dense(1, bias_initializer=start, name="tenth_of_log_var")(zeros)
    return {"mean": mean, "log_var": layers.Rescaling(10.0, name="log_var")(log_var)}


def log_prob(x, parameters):
    """-((x - mean)^2 / var + log var + log 2 pi) / 2, summed."""
    from keras import ops

    log_var = parameters["log_var"][:, :, None, None]
    square = ops.square(x - parameters["mean"]) * ops.exp(-log_var)
    return -0.5 * ops.sum(square + log_var + math.log(2 * math.pi), axis=(1, 2, 3))


def log_likelihood(x: np.ndarray, parameters: dict[str, np.ndarray]) -> np.ndarray:
    """A density of pixels in [0, 1], by their `mean` and `log_var`: float64 [..., N, S].

    The square of x - mean is expanded, so that all pairs are a matrix product; in float64, since
    large numbers cancel in it.
    """
    x, mean = x.astype(float), flat(parameters["mean"]).astype(float)
    log_var = parameters["log_var"].astype(float).mT
    squares = np.vecdot(x, x)[..., :, None] + np.vecdot(mean, mean)[..., None, :]
    distance = squares - 2 * (x @ mean.mT)
    return -0.5 * (distance * np.exp(-log_var) + x.shape[-1] * (log_var + math.log(2 * math.pi)))


def log_mass(x: np.ndarray, parameters: dict[str, np.ndarray]) -> np.ndarray:
    """log P(x|z) of 8-bit pixels by `mean` and `log_var`: float64 [..., N, S]."""
    mean = flat(parameters["mean"])[..., None, :, :].astype(float)
    log_scale = parameters["log_var"][..., None, :, :] / 2
    return log_normal_mass(x[..., :, None, :], mean, log_scale).sum(axis=-1)


def excess(x, parameters, library):
    """Half the squared error over the variance: [B, H, W]."""
    precision = library.exp(-library.reshape(parameters["log_var"], (-1, 1, 1, 1)))
    return 0.5 * library.sum(library.square(x - parameters["mean"]) * precision, axis=-1)


def sample(parameters: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """8-bit pixels drawn by `mean` and `log_var`: uint8 [..., H, W, C]."""
    mean = parameters["mean"]
    scale = np.exp(parameters["log_var"] / 2)[..., None, None]
    return to_uint8(mean + scale * rng.standard_normal(mean.shape, dtype=np.float32))
