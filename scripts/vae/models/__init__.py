"""Networks, one file an architecture.

A module here states in literals, which `vae.plan.parts` reads, its SETTINGS (key -> type, bounds or
choices, default, description, abbreviation) and the LEARNING_RATE that suits it under Adam; and it
has a function
`build(image_shape, channels, run, classes) -> (encoder, decoder)`: Keras models of stock layers,
encoder from images [B, H, W, C] in [0, 1] to z_mean and z_log_var [B, D], decoder from z [B, D] to
logits [B, H, W, channels]. Their inputs come from `inputs`, which adds the class if there are
classes.
"""

import importlib

import keras

from vae.plan.config import RunSettings


def build(
    image_shape: tuple[int, int, int], channels: int, run: RunSettings, classes: int = 0
) -> tuple[keras.Model, keras.Model]:
    """The encoder and the decoder of a run, with fresh weights; conditional on classes, if any.

    channels: of the decoder, as many as the likelihood asks for.
    """
    network = importlib.import_module(f"{__name__}.{run.model}")
    return network.build(image_shape, channels, run, classes)
