"""Likelihoods p(x|z): what the decoder's last values mean."""

import math
from typing import Protocol

import keras
from keras import layers, ops


class Likelihood(Protocol):
    """How likely images are under what the decoder gives."""

    def parameters(self, decoder: keras.Model) -> dict[str, keras.KerasTensor]:
        """Outputs for a decoder from z to logits: `mean` in [0, 1], and what `log_prob` needs."""

    def log_prob(self, x, parameters):
        """log p(x|z) of images [B, H, W, C] in [0, 1]: [B], in nats, a sum over all values."""


class Bernoulli:
    """Every pixel and channel a coin whose probability is the gray value.

    On gray values between 0 and 1 this is the cross-entropy that the VAE literature reports for
    MNIST, not a normalised density.
    """

    def parameters(self, decoder):
        """`mean` and `logits`: [B, H, W, C]."""
        logits = decoder.output
        return {"mean": layers.Activation("sigmoid", name="mean")(logits), "logits": logits}

    def log_prob(self, x, parameters):
        """x log s(l) + (1 - x) log(1 - s(l)) = x l - softplus(l), which overflows for no logit."""
        logits = parameters["logits"]
        return ops.sum(x * logits - ops.softplus(logits), axis=(1, 2, 3))


class Gaussian:
    """A normal distribution about the mean, of one variance for all pixels, learned.

    The sigma-VAE of Rybkin et al. 2021 (arXiv 2006.13202): the variance takes the place of a
    weight between reconstruction and KL. Densities are of pixels in [0, 1], so that a good model
    has a negative reconstruction loss.
    """

    def parameters(self, decoder):
        """`mean`: [B, H, W, C]; `log_var`: [B, 1], the same for every z."""
        mean = layers.Activation("sigmoid", name="mean")(decoder.output)
        # One learned number out of stock layers: the bias of a dense layer that sees zeros.
        # Tenfold, so that Adam, whose steps have a fixed length, is there within an epoch.
        nothing = layers.Rescaling(0.0, name="nothing")(decoder.inputs[0])
        start = keras.initializers.Constant(math.log(0.05) / 10)
        log_var = layers.Dense(1, bias_initializer=start, name="tenth_of_log_var")(nothing)
        return {"mean": mean, "log_var": layers.Rescaling(10.0, name="log_var")(log_var)}

    def log_prob(self, x, parameters):
        """-((x - mean)^2 / var + log var + log 2 pi) / 2, summed."""
        log_var = parameters["log_var"][:, :, None, None]
        square = ops.square(x - parameters["mean"]) * ops.exp(-log_var)
        return -0.5 * ops.sum(square + log_var + math.log(2 * math.pi), axis=(1, 2, 3))


def get(name: str) -> Likelihood:
    """The likelihood that a config calls `name`."""
    return {"bernoulli": Bernoulli, "gaussian": Gaussian}[name]()
