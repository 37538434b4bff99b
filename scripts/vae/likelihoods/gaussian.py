"""A normal distribution about the mean, of one variance for all pixels, learned.

The sigma-VAE of Rybkin et al. 2021 (arXiv 2006.13202): the variance takes the place of a weight
between reconstruction and KL. Densities are of pixels in [0, 1], so that a good model has a
negative reconstruction loss.
"""

import math

import numpy as np

from vae.data.pixels import flat

SETTINGS = {}
DEFAULT_FOR = "colour"
CHANNELS = 1  # of the decoder, for each channel of an image


def parameters(decoder):
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
    """log P(x|z) of 8-bit pixels by `mean` and `log_var`: float64 [..., N, S].

    Level k of 0 to 255 has the mass that the normal distribution has between (k - 1/2) / 255 and
    (k + 1/2) / 255; the outermost two have the tails. As Ho et al. 2020 (arXiv 2006.11239),
    equation 13, with levels of the same width over [0, 1].
    """
    from scipy.special import log_ndtr  # 0.3 s, which training spares

    mean = flat(parameters["mean"])[..., None, :, :].astype(float)
    scale = np.exp(-parameters["log_var"].astype(float) / 2)[..., None, :, :]
    level = np.rint(x * 255).astype(float)[..., :, None, :]
    low = (np.where(level == 0, -np.inf, (level - 0.5) / 255) - mean) * scale
    high = (np.where(level == 255, np.inf, (level + 0.5) / 255) - mean) * scale
    # Above the mean, the mirror image: a difference of small numbers, not of numbers near 1.
    low, high = np.where(low + high > 0, (-high, -low), (low, high))
    log_low, log_high = log_ndtr(low), log_ndtr(high)
    return (log_high + np.log(-np.expm1(log_low - log_high))).sum(axis=-1)
