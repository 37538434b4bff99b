"""Every pixel and channel a coin whose probability is the gray value.

On gray values between 0 and 1 this is the cross-entropy that the VAE literature reports for MNIST,
not a normalised density.
"""

import numpy as np

from vae.data.pixels import flat

SETTINGS = {}
DEFAULT_FOR = "gray"
BINARY = True
CHANNELS = 1  # of the decoder, for each channel of an image

log_mass = None  # gray values have no probability


def parameters(decoder):
    """`mean` and `logits`: [B, H, W, C]."""
    from keras import layers

    logits = decoder.output
    return {"mean": layers.Activation("sigmoid", name="mean")(logits), "logits": logits}


def log_prob(x, parameters):
    """x log s(l) + (1 - x) log(1 - s(l)) = x l - softplus(l), which overflows for no logit."""
    from keras import ops

    logits = parameters["logits"]
    return ops.sum(x * logits - ops.softplus(logits), axis=(1, 2, 3))


def log_likelihood(x: np.ndarray, parameters: dict[str, np.ndarray]) -> np.ndarray:
    """x l - softplus(l) for `logits` l: float64 [..., N, S]."""
    logits = flat(parameters["logits"])
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    return x @ logits.mT - softplus.sum(axis=-1, dtype=float)[..., None, :]
