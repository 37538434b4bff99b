"""Networks, one file an architecture.

A module here has a constant DEFAULTS, its settings (and the learning rate that suits it under Adam)
with their defaults, and a function
`build(image_shape, run, classes) -> (encoder, decoder)`: Keras models of stock layers, encoder from
images [B, H, W, C] in [0, 1] to z_mean and z_log_var [B, D], decoder from z [B, D] to logits
[B, H, W, C]. Their inputs come from `inputs`, which adds the class if there are classes.
"""

import importlib

import keras

from vae.plan.config import RunSettings


def build(
    image_shape: tuple[int, int, int], run: RunSettings, classes: int = 0
) -> tuple[keras.Model, keras.Model]:
    """The encoder and the decoder of a run, with fresh weights; conditional on classes, if any."""
    return importlib.import_module(f"{__name__}.{run.model}").build(image_shape, run, classes)
