"""A normal distribution about the mean, of one variance for all pixels, learned.

The sigma-VAE of Rybkin et al. 2021 (arXiv 2006.13202): the variance takes the place of a weight
between reconstruction and KL. Densities are of pixels in [0, 1], so that a good model has a
negative reconstruction loss.
"""

import math


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
