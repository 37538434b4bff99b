"""A network of one layer on either side, with a leaky ReLU on the images."""

import math

import keras
from keras import layers

from vae.models import inputs

SETTINGS = {
    "leak": {"type": "real", "bounds": {"ge": 0, "le": 1}, "default": 0.1, "abbreviation": "lk",
             "description": "slope of the network `linear` below zero"},
}  # fmt: skip
LEARNING_RATE = 0.01


def build(image_shape, channels, run, classes=0):
    """Encoder and decoder."""
    image_in, image = inputs.image(image_shape, classes)
    hidden = layers.LeakyReLU(run.leak, name="leaky")(layers.Flatten(name="pixels")(image))
    outputs = {n: layers.Dense(run.latent_dim, name=n)(hidden) for n in ("z_mean", "z_log_var")}
    z_in, z = inputs.code(run.latent_dim, classes)
    shape = (*image_shape[:2], channels)
    logits = layers.Reshape(shape, name="logits")(layers.Dense(math.prod(shape), name="out")(z))
    return keras.Model(image_in, outputs, name="encoder"), keras.Model(z_in, logits, name="decoder")
