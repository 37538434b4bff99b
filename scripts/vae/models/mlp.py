"""The dense network of the original project: 784-512-z-512-784 for MNIST."""

import math

import keras
from keras import layers

from vae.models import inputs
from vae.plan.run_settings import RunSettings

SETTINGS = {
    "intermediate_dim": {"type": "whole", "bounds": {"ge": 1, "le": 65_536}, "default": 512,
                         "abbreviation": "id", "description": "units of the dense hidden layer"},
}  # fmt: skip
LEARNING_RATE = 0.008  # of Adam


def build(
    image_shape: tuple[int, int, int], channels: int, run: RunSettings, classes: int = 0
) -> tuple[keras.Model, keras.Model]:
    """One hidden layer with ReLU on either side of the latent space."""
    image_in, image = inputs.image(image_shape, classes)
    hidden = layers.Flatten(name="pixels")(image)
    hidden = layers.Dense(run.intermediate_dim, "relu", name="hidden")(hidden)
    z_mean = layers.Dense(run.latent_dim, name="z_mean")(hidden)
    z_log_var = layers.Dense(run.latent_dim, name="z_log_var")(hidden)
    encoder = keras.Model(image_in, {"z_mean": z_mean, "z_log_var": z_log_var}, name="encoder")

    z_in, z = inputs.code(run.latent_dim, classes)
    hidden = layers.Dense(run.intermediate_dim, "relu", name="hidden")(z)
    shape = (*image_shape[:2], channels)
    logits = layers.Dense(math.prod(shape), name="pixels")(hidden)
    decoder = keras.Model(z_in, layers.Reshape(shape, name="logits")(logits), name="decoder")
    return encoder, decoder
