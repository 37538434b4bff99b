"""Priors p(z), one file each: how the coordinates of the encoder become those of a N(0, I).

The encoder says q(u|x) = N(z_mean, exp(z_log_var)) of the values u that the decoder's network is
given. A prior is a map z = f(u) with z ~ N(0, I): so whatever draws codes, weighs them or moves
through them knows one prior, and a learned one is inside the networks.

A module here states in literals, which `vae.plan.parts` reads, its SETTINGS; and it has a function
`build(latent_dim, run)`, which imports Keras within and returns a `Map`, or None where z is u.
"""

import importlib
from typing import TYPE_CHECKING, NamedTuple

from vae.plan.config import RunSettings

if TYPE_CHECKING:
    import keras


class Map(NamedTuple):
    """A map between u and z, as Keras models of stock layers that share their weights.

    forward: from u [B, D] to `z` [B, D] and `log_det` [B, 1], log |det dz/du|; inverse: from z to
    u.
    """

    forward: "keras.Model"
    inverse: "keras.Model"


def build(latent_dim: int, run: RunSettings) -> Map | None:
    """The map of a run's prior, with fresh weights; None where z is u."""
    return importlib.import_module(f"{__name__}.{run.prior}").build(latent_dim, run)
