"""Priors p(z), one file each: how the coordinates of the encoder become those of a N(0, I).

The encoder says q(u|x) = N(z_mean, exp(z_log_var)) of the values u that the decoder's network is
given. A prior is a map z = f(u) with z ~ N(0, I): so whatever draws codes, weighs them or moves
through them knows one prior, and a learned one is inside the networks.

A module here states in literals, which `vae.plan.parts` reads, its SETTINGS and, if it is not for
every latent size, MIN_LATENT_DIM; and it has a function `build(latent_dim, run, classes)`, which
returns a `Map`, or None where z is u. With classes, in a conditional model, a map takes a list: u
or z, and one-hot classes [B, K]; z is N(0, I) in every class.
"""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from vae.plan.run_settings import RunSettings

if TYPE_CHECKING:
    import keras


class Stock(NamedTuple):
    """A map as models of stock layers, for files.

    forward: from u [B, D] to `z` [B, D] and `log_det` [B, 1], log |det dz/du|; inverse: from z to
    u.
    """

    forward: "keras.Model"
    inverse: "keras.Model"


class Map(NamedTuple):
    """A map between u and z.

    forward: the layer that is trained, with the inputs and outputs of `Stock.forward`; stock:
    returns the map with the weights of now.
    """

    forward: "keras.Layer"
    stock: Callable[[], Stock]


def build(latent_dim: int, run: RunSettings, classes: int = 0) -> Map | None:
    """The map of a run's prior, with fresh weights; None where z is u."""
    prior = importlib.import_module(f"{__name__}.{run.prior}")
    return prior.build(latent_dim, run, classes)
