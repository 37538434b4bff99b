"""Likelihoods p(x|z): what the decoder's last values mean."""

import keras
from keras import layers, ops


class Bernoulli:
    """Every pixel and channel a coin whose probability is the gray value.

    On gray values between 0 and 1 this is the cross-entropy that the VAE literature reports for
    MNIST, not a normalised density.
    """

    def parameters(self, logits: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """Extend a decoder by its mean, in [0, 1], beside the logits."""
        return {"mean": layers.Activation("sigmoid", name="mean")(logits), "logits": logits}

    def log_prob(self, x, parameters):
        """log p(x|z) in nats an image, summed over pixels and channels: [B].

        x log s(l) + (1 - x) log(1 - s(l)) = x l - softplus(l), which overflows for no logit l.
        """
        logits = parameters["logits"]
        return ops.sum(x * logits - ops.softplus(logits), axis=(1, 2, 3))


def get(name: str) -> Bernoulli:
    """The likelihood that a config calls `name`."""
    return {"bernoulli": Bernoulli}[name]()
