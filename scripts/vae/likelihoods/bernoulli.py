"""Every pixel and channel a coin whose probability is the gray value.

On gray values between 0 and 1 this is the cross-entropy that the VAE literature reports for MNIST,
not a normalised density.
"""

import numpy as np

from vae.data.pixels import flat

SETTINGS = {}
BINARY = True


def channels(image_channels, run):
    """Of the decoder: a logit for each value."""
    return image_channels


def parameters(decoder, image_channels):
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


log_mass = log_likelihood  # of black and white images


def excess(x, parameters, library):
    """The KL divergence of a coin of probability `mean` from one of probability x: [B, H, W].

    The least that -log p can be for a gray value is its entropy, which has nothing to do with the
    network: without it, gray images would seem less likely than black and white ones.
    """
    logits = parameters["logits"]
    rest = library.log(1 + library.exp(-library.abs(logits)))
    error = library.maximum(logits, 0) + rest - x * logits
    negative_entropy = sum(p * library.log(library.maximum(p, 1e-37)) for p in (x, 1 - x))
    return library.sum(error + negative_entropy, axis=-1)


def sample(parameters: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Black and white pixels drawn by `mean`: uint8 [..., H, W, C]."""
    mean = parameters["mean"]
    return np.where(rng.random(mean.shape, np.float32) < mean, 255, 0).astype(np.uint8)
