"""The convolutional network of the original project, for images of any size.

Images are halved until their shorter side is at most 16: once for CIFAR-10 (32), three times for
Caltech101 (92 and 128).
"""

import math
from typing import Any

import keras
from keras import layers, ops

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
    """A 2x2 or 3x3 convolution, three or more with `filters`, one dense layer; mirrored."""
    filters = run.filters
    strides = _strides(image_shape)
    first = 2 if strides.count(2) < 2 else 3
    kernels = [first if stride == 2 else 3 for stride in strides]

    image_in, image = inputs.image(image_shape, classes)
    # Positive, as pixels are: else ReLU may leave none of so few channels alive.
    positive = keras.initializers.RandomUniform(0.0, 1.0 / first)
    colours = _conv(image_shape[-1], first, kernel_initializer=positive, name="conv_0")
    hidden = colours(image)
    # Each filter sees one channel at first: means of all three are nearly gray, and what the later
    # layers make of them has no hue, which Caltech101's epochs are too few to bring back.
    colours.kernel.assign(image_shape[-1] * ops.eye(*colours.kernel.shape[2:]) * colours.kernel)
    for i, (kernel, stride) in enumerate(zip(kernels, strides, strict=True), 1):
        hidden = _conv(filters, kernel, strides=stride, name=f"conv_{i}")(hidden)
    map_shape = hidden.shape[1:]
    hidden = layers.Flatten(name="features")(hidden)
    hidden = layers.Dense(run.intermediate_dim, "relu", name="hidden")(hidden)
    z_mean = layers.Dense(run.latent_dim, name="z_mean")(hidden)
    # At zero: else some seeds begin with variances that take the first epoch to come down.
    z_log_var = layers.Dense(run.latent_dim, kernel_initializer="zeros", name="z_log_var")(hidden)
    encoder = keras.Model(image_in, {"z_mean": z_mean, "z_log_var": z_log_var}, name="encoder")

    z_in, z = inputs.code(run.latent_dim, classes)
    hidden = layers.Dense(run.intermediate_dim, "relu", name="hidden")(z)
    hidden = layers.Dense(math.prod(map_shape), "relu", name="features")(hidden)
    hidden = layers.Reshape(map_shape, name="map")(hidden)
    for i in range(len(strides), 0, -1):
        stride = strides[i - 1]
        hidden = layers.Conv2DTranspose(
            *(filters, kernels[i - 1], stride, "same"),
            activation="relu",
            kernel_initializer=_he(stride),
            name=f"conv_{i}",
        )(hidden)
    hidden = layers.Conv2D(channels, first, padding="same", name="conv_0")(hidden)
    decoder = keras.Model(z_in, maps.crop(hidden, image_shape), name="decoder")
    return encoder, decoder


def _strides(image_shape: tuple[int, int, int]) -> list[int]:
    count = maps.halvings(image_shape)
    return [2] * count + [1] * (3 - count)


def _conv(filters: int, kernel: int, **options: Any) -> layers.Conv2D:
    return layers.Conv2D(filters, kernel, padding="same", activation="relu", **options)


def _he(stride: int) -> keras.initializers.Initializer:
    """Keep the variance of what passes a transposed convolution and its ReLU.

    He et al. 2015 (arXiv 1502.01852), where a value of the result meets 1 / stride^2 of the kernel:
    with Keras's default three of them leave a five-hundredth, and the first epochs go into that.
    """
    return keras.initializers.VarianceScaling(2.0 * stride**2, "fan_in")
