"""A Laplace distribution about the mean, its width learned for each pixel and channel."""

import math

import numpy as np

from vae.data.pixels import flat

SETTINGS = {}
CHANNELS = 2

log_mass = None


def parameters(decoder):
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
