"""A normal distribution about the mean, of one covariance of the three channels, learned.

What a VAE leaves out of an image is mostly brightness, which the channels share: given the error of
R, little of that of G and B is open. So with z of few dimensions it takes about 1 bit per dimension
less than `gaussian`, which has the channels independent. The price: trained with it, a code is
spent on what is left open, hues, and images come out blurrier.

The covariance is that of a regression, channel after channel: R errs by s_R, G by s_G about what
the error of R predicts of it, B by s_B about what those of R and G predict. These slopes and the
logarithms of s are its Cholesky factor with the diagonal apart. Densities are of pixels in [0, 1],
as those of `gaussian`.
"""

import math

import numpy as np

from vae.data.pixels import flat, to_uint8, to_unit
from vae.likelihoods.levels import log_normal_mass

SETTINGS = {}
ONLY_FOR = "colour"


def channels(image_channels, run):
    """Of the decoder: a logit for each value."""
    return image_channels


def parameters(decoder, image_channels):
    """`mean`: [B, H, W, 3]; `log_scale` and `slopes`, the same for every z: [B, 3].

    log_scale: log s of R, G and B; slopes: of G by R, of B by R, of B by G.
    """
    from keras import initializers, layers

    mean = layers.Activation("sigmoid", name="mean")(decoder.output)
    # Learned numbers out of stock layers, tenfold, as in `gaussian`.
    zeros = layers.Rescaling(0.0, name="nothing")(decoder.inputs[0])
    start = initializers.Constant(math.log(0.05) / 20)
    log_scale = layers.Dense(3, bias_initializer=start, name="tenth_of_log_scale")(zeros)
    slopes = layers.Dense(3, name="tenth_of_slopes")(zeros)
    return {
        "mean": mean,
        "log_scale": layers.Rescaling(10.0, name="log_scale")(log_scale),
        "slopes": layers.Rescaling(10.0, name="slopes")(slopes),
    }


def log_prob(x, parameters):
    """-((residual / s)^2 + 2 log s + log 2 pi) / 2, summed; residual: what no regression explains.

    From residuals, not from products of the errors of two channels, which would cancel where the
    channels are nearly the same.
    """
    from keras import ops

    red, green, blue = ops.split(x - parameters["mean"], 3, axis=3)
    slopes = ops.split(parameters["slopes"][:, :, None, None], 3, axis=1)
    residuals = (red, green - slopes[0] * red, blue - slopes[1] * red - slopes[2] * green)
    squares = [ops.sum(ops.square(residual), axis=(1, 2, 3)) for residual in residuals]
    log_scale = parameters["log_scale"]
    scaled = ops.stack(squares, axis=1) * ops.exp(-2 * log_scale)
    pixels = math.prod(x.shape[1:3])
    return -0.5 * ops.sum(scaled + pixels * (2 * log_scale + math.log(2 * math.pi)), axis=1)


def log_likelihood(x: np.ndarray, parameters: dict[str, np.ndarray]) -> np.ndarray:
    """A density of pixels in [0, 1]: float64 [..., N, S].

    The quadratic form of x - mean is expanded, so that all pairs are matrix products; in float64,
    since large numbers cancel in it.
    """
    log_scale, mean = (parameters[name].astype(float) for name in ("log_scale", "mean"))
    # From errors to residuals over s: [..., S, 3, 3], whose square is the precision.
    whitening = np.zeros((*log_scale.shape, 3))
    whitening[..., range(3), range(3)] = 1
    whitening[..., (1, 2, 2), (0, 0, 1)] = -parameters["slopes"]
    whitening *= np.exp(-log_scale)[..., None]
    precision = whitening.mT @ whitening

    pixels = x.astype(float).reshape(*x.shape[:-1], -1, 3)
    count = pixels.shape[-2]
    mean = mean.reshape(*mean.shape[:-3], count, 3)
    weighted = mean @ precision
    products = (pixels.mT @ pixels).reshape(*x.shape[:-1], 9)
    distance = products @ precision.reshape(*precision.shape[:-2], 9).mT
    distance -= 2 * (x.astype(float) @ weighted.reshape(*weighted.shape[:-2], -1).mT)
    distance += (weighted * mean).sum(axis=(-1, -2))[..., None, :]
    log_area = log_scale.sum(axis=-1) + 1.5 * math.log(2 * math.pi)
    return -0.5 * distance - count * log_area[..., None, :]


def log_mass(x: np.ndarray, parameters: dict[str, np.ndarray]) -> np.ndarray:
    """log P(x|z) of 8-bit pixels: that of R, of G given the level of R, of B given both.

    float64 [..., N, S].
    """
    mean = flat(parameters["mean"])[..., None, :, :].astype(float)
    x = x[..., :, None, :]
    error = x - mean
    error = error.reshape(*error.shape[:-1], -1, 3)
    log_scale, slopes = (
        parameters[name][..., None, :, None, :] for name in ("log_scale", "slopes")
    )
    predicted = np.moveaxis(_predicted(error, slopes), 0, -1)
    mean = mean.reshape(*mean.shape[:-1], -1, 3) + predicted
    levels = x.reshape(*x.shape[:-1], -1, 3)
    return log_normal_mass(levels, mean, log_scale).sum(axis=(-1, -2))


def excess(x, parameters, library):
    """Half the squares of the residuals over their variances: [B, H, W]; see `log_prob`."""
    scale, slopes = (
        library.split(library.reshape(parameters[name], (-1, 1, 1, 3)), 3, axis=-1)
        for name in ("log_scale", "slopes")
    )
    red, green, blue = library.split(x - parameters["mean"], 3, axis=-1)
    residuals = (red, green - slopes[0] * red, blue - slopes[1] * red - slopes[2] * green)
    scaled = [r * library.exp(-s) for r, s in zip(residuals, scale, strict=True)]
    return 0.5 * library.sum(library.square(library.concatenate(scaled, axis=-1)), axis=-1)


def sample(parameters: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """8-bit pixels drawn channel after channel, as `log_mass` says: uint8 [..., H, W, 3]."""
    mean = parameters["mean"]
    scale, slopes = (
        value[..., None, None, :]
        for value in (np.exp(parameters["log_scale"]), parameters["slopes"])
    )
    noise = scale * rng.standard_normal(mean.shape, dtype=np.float32)
    levels, error = np.empty(mean.shape, np.uint8), np.zeros_like(mean)
    for channel in range(3):
        centre = mean[..., channel] + _predicted(error, slopes)[channel]
        levels[..., channel] = to_uint8(centre + noise[..., channel])
        error[..., channel] = to_unit(levels[..., channel]) - mean[..., channel]
    return levels


def _predicted(error: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """What is expected of the error of each channel, given those before it: [3, ...]."""
    red, green, _ = np.moveaxis(error, -1, 0)
    by = np.moveaxis(slopes, -1, 0)
    return np.stack([np.zeros_like(red), by[0] * red, by[1] * red + by[2] * green])
