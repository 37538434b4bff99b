"""A Laplace distribution about the mean, its width learned for each pixel and channel."""

import math

import numpy as np

from vae.data.pixels import flat, to_uint8

SETTINGS = {}

log_mass = None


def channels(image_channels, run):
    """A mean and a width for each value."""
    return 2 * image_channels


def parameters(decoder, image_channels):
    """`mean` and `log_width`: [B, H, W, C]."""
    from keras import layers, ops

    mean, log_width = ops.split(decoder.output, 2, axis=-1)
    mean = layers.Activation("sigmoid", name="mean")(mean)
    return {"mean": mean, "log_width": layers.Identity(name="log_width")(log_width)}


def log_prob(x, parameters):
    """-|x - mean| / width - log(2 width), summed."""
    from keras import ops

    log_width = parameters["log_width"]
    distance = ops.abs(x - parameters["mean"]) * ops.exp(-log_width)
    return -ops.sum(distance + log_width + math.log(2), axis=(1, 2, 3))


def log_likelihood(x, parameters):
    """The same of all pairs."""
    mean, log_width = (flat(parameters[name])[..., None, :, :] for name in ("mean", "log_width"))
    distance = np.abs(x[..., :, None, :] - mean) * np.exp(-log_width)
    return -(distance + log_width + math.log(2)).sum(axis=-1, dtype=float)


def excess(x, parameters, library):
    """The error over the width."""
    error = library.abs(x - parameters["mean"]) * library.exp(-parameters["log_width"])
    return library.sum(error, axis=-1)


def sample(parameters, rng):
    """The mean plus noise."""
    return to_uint8(rng.laplace(parameters["mean"], np.exp(parameters["log_width"])))
