"""A residual network on patches, for images of any size.

Images are cut into patches until at most 12 of them lie along the shorter side: 4x4 pixels for
CIFAR-10, 8x8 for Caltech101 at 92. A VAE's images are too blurry to pay for convolutions at full
resolution. What a residual block or a hidden layer adds starts at zero, and nothing else bends a
value: before its first step the network is linear, and so learns what PCA finds at once.
"""

import math

import keras
from keras import layers

from vae.models import inputs, maps
from vae.plan.run_settings import RunSettings

SETTINGS = {
    "filters": {"type": "whole", "bounds": {"ge": 1, "le": 4096}, "default": 32,
                "abbreviation": "f", "description": "filters of the convolutions"},
    "intermediate_dim": {"type": "whole", "bounds": {"ge": 1, "le": 65_536}, "default": 128,
                         "abbreviation": "id", "description": "units of the dense hidden layer"},
}  # fmt: skip
LEARNING_RATE = 0.002  # of Adam


def build(
    image_shape: tuple[int, int, int], channels: int, run: RunSettings, classes: int = 0
) -> tuple[keras.Model, keras.Model]:
    """Patches with `filters`, halved once with twice as many, one dense layer; mirrored."""
    filters = run.filters
    patch = 2 ** maps.halvings(image_shape, 12)

    image_in, image = inputs.image(image_shape, classes)
    hidden = layers.Conv2D(filters, patch, patch, "same", name="patches")(image)
    hidden = block(hidden, "block_1")
    hidden = layers.Conv2D(2 * filters, 2, 2, "same", name="halves")(hidden)
    hidden = block(hidden, "block_2")
    map_shape = hidden.shape[1:]
    linear = layers.Flatten(name="features")(hidden)
    hidden = layers.Activation("relu", name="features_relu")(linear)
    hidden = layers.Dense(run.intermediate_dim, "relu", name="hidden")(hidden)
    z_mean = _sum(linear, hidden, run.latent_dim, "z_mean")
    # From the hidden layer alone: Adam moves a sum of thousands of features too far for exp.
    z_log_var = layers.Dense(run.latent_dim, kernel_initializer="zeros", name="z_log_var")(hidden)
    encoder = keras.Model(image_in, {"z_mean": z_mean, "z_log_var": z_log_var}, name="encoder")

    z_in, z = inputs.code(run.latent_dim, classes)
    hidden = layers.Dense(run.intermediate_dim, "relu", name="hidden")(z)
    hidden = _sum(z, hidden, math.prod(map_shape), "features")
    hidden = layers.Reshape(map_shape, name="map")(hidden)
    hidden = block(hidden, "block_2")
    hidden = layers.Conv2DTranspose(filters, 2, 2, "same", name="halves")(hidden)
    hidden = block(hidden, "block_1")
    hidden = layers.Conv2DTranspose(channels, patch, patch, "same", name="patches")(hidden)
    decoder = keras.Model(z_in, maps.crop(hidden, image_shape), name="decoder")
    return encoder, decoder


def block(hidden: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """A residual block that starts as the identity, and so needs no normalisation."""
    filters = hidden.shape[-1]
    inner = layers.Activation("relu", name=f"{name}_relu")(hidden)
    inner = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_a")(inner)
    inner = layers.Conv2D(
        *(filters, 3), padding="same", kernel_initializer="zeros", name=f"{name}_b"
    )(inner)
    return layers.Add(name=name)([hidden, inner])


def _sum(
    linear: keras.KerasTensor, hidden: keras.KerasTensor, units: int, name: str
) -> keras.KerasTensor:
    """A linear layer, plus what the hidden layer adds to it, which starts at zero."""
    linear = layers.Dense(units, name=f"{name}_linear")(linear)
    layer = layers.Dense(units, use_bias=False, kernel_initializer="zeros", name=f"{name}_hidden")
    return layers.Add(name=name)([linear, layer(hidden)])
