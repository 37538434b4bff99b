"""Networks, one file an architecture.

A module here states in literals, which `vae.plan.parts` reads, its SETTINGS (key -> type, bounds or
choices, default, description, abbreviation), the LEARNING_RATE that suits it under Adam, and, if it
is not for all, the PRIORS that it is for and whether it can be CONDITIONAL; and it has a function
`build(image_shape, channels, run, classes)`, which returns Keras models of stock layers.

Of a network with one flat code, those are (encoder, decoder): encoder from images [B, H, W, C] in
[0, 1] to z_mean and z_log_var [B, D], decoder from z [B, D] to logits [B, H, W, channels]. Their
inputs come from `inputs`, which adds the class if there are classes. A network of more than a code
returns a `Hierarchy`.
"""

import importlib
import math
from collections.abc import Callable
from typing import NamedTuple

import keras

from vae.plan.run_settings import RunSettings


class Group(NamedTuple):
    """Values of z that belong together: their name, and their shape, (D,) or (H, W, C)."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many they are."""
        return math.prod(self.shape)


class Hierarchy(NamedTuple):
    """A network whose z is a code and maps of detail, each group drawn given those before it.

    joint: from noise [B, D] and images [B, H, W, C] to `z_mean` and `z_log_var` [B, D], those of a
    group given the draws before it, and to `logits`. separate: returns (encoder, decoder):
    from images to `z` [B, D] without noise, and from z to logits. Layers of the same name have the
    same weights in each network; fresh ones are random. groups: of z, the code first. head: the
    name of the layer that logits come from.
    """

    joint: keras.Model
    separate: Callable[[], tuple[keras.Model, keras.Model]]
    groups: tuple[Group, ...]
    head: str


def build(
    image_shape: tuple[int, int, int], channels: int, run: RunSettings, classes: int = 0
) -> tuple[keras.Model, keras.Model] | Hierarchy:
    """The networks of a run, with fresh weights; conditional on classes, if any.

    channels: of the decoder, as many as the likelihood asks for.
    """
    network = importlib.import_module(f"{__name__}.{run.model}")
    return network.build(image_shape, channels, run, classes)
