"""A prior with a learned shift and scale of each dimension: u ~ N(shift, scale^2), z ~ N(0, I)."""

import math

SETTINGS = {
    "first_scale": {"type": "real", "bounds": {"gt": 0}, "default": 2.0, "abbreviation": "fs",
                    "description": "scale of the prior `affine` before training"},
}  # fmt: skip


def build(latent_dim, run, classes=0):
    """z = (u - shift) / scale, whatever the class."""
    from keras import Input, Model, initializers, layers, ops

    from vae.priors import Map, Stock

    start = initializers.Constant(math.log(run.first_scale))
    nothing = layers.Rescaling(0.0, name="prior_nothing")
    shift = layers.Dense(latent_dim, name="prior_shift")
    log_scale = layers.Dense(latent_dim, bias_initializer=start, name="prior_log_scale")

    u = Input((latent_dim,), name="u")
    zeros = nothing(u)
    z = (u - shift(zeros)) * ops.exp(-log_scale(zeros))
    log_det = -ops.sum(log_scale(zeros), axis=1, keepdims=True)
    forward = Model(u, {"z": z, "log_det": log_det}, name="to_prior")

    z = Input((latent_dim,), name="z")
    zeros = nothing(z)
    inverse = Model(z, shift(zeros) + ops.exp(log_scale(zeros)) * z, name="from_prior")
    return Map(forward, lambda: Stock(forward, inverse))
