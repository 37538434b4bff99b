"""The network of a second stage: the velocity of a code on its way from noise to data.

Codes that are a map go through residual blocks of convolutions, flat ones through dense ones. Time
and class scale and shift what is inside each block, as in Peebles and Xie 2023 (arXiv 2212.09748);
what a block adds starts at zero.
"""

import math

import keras
import numpy as np
from keras import initializers, layers

TIMES = 64  # units that see the time, each at a frequency of its own
FASTEST = 8.0  # standard deviation of these frequencies
EMBEDDING = 256  # units of what time and class become


def build(
    shape: tuple[int, ...],
    classes: int,
    filters: int,
    blocks: int,
    mean: np.ndarray,
    sd: np.ndarray,
) -> keras.Model:
    """From `code` [B, D] at a time, `time` [B, 1] in [0, 1] and, if there are classes, one-hot
    `class` [B, K], to the velocity over `unit(mean, sd)`, [B, D].

    shape: of a code, (D,) or (H, W, C). mean, sd: of codes, one for each C or D. A class of all
    zeros stands for any.
    """
    code = keras.Input((math.prod(shape),), name="code")
    time = keras.Input((1,), name="time")
    label = [keras.Input((classes,), name="class")] if classes else []
    embedding = _embedding(time, label)
    hidden = layers.Reshape(shape, name="map")(code)
    hidden = layers.Rescaling((2 / (1 + sd)).tolist(), (-mean / (1 + sd)).tolist())(hidden)
    is_map = len(shape) == 3
    if is_map:
        hidden = layers.Conv2D(filters, 1, name="features")(hidden)
        hidden = layers.Add(name="placed")([hidden, _places(time, (*shape[:2], filters))])
    else:
        hidden = layers.Dense(filters, name="features")(hidden)
    for i in range(1, blocks + 1):
        hidden = _block(hidden, embedding, is_map, f"block_{i}")
    hidden = layers.Activation("relu", name="last_relu")(hidden)
    options = {"kernel_initializer": "zeros", "dtype": "float32", "name": "velocity_map"}
    last = layers.Conv2D(shape[-1], 1, **options) if is_map else layers.Dense(*shape, **options)
    velocity = layers.Flatten(dtype="float32", name="velocity")(last(hidden))
    return keras.Model([code, time, *label], velocity, name="second_stage")


def unit(mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of z - noise, for z of this mean and sd and noise ~ N(0, I)."""
    return mean, np.sqrt(1 + np.square(sd))


def _embedding(time: keras.KerasTensor, label: list[keras.KerasTensor]) -> keras.KerasTensor:
    """What is known of time and class: [B, EMBEDDING]."""
    spread = initializers.RandomNormal(stddev=FASTEST)
    options = {"kernel_initializer": spread, "bias_initializer": spread, "name": "times"}
    times = layers.Dense(TIMES, "tanh", **options)(time)
    hidden = layers.Concatenate(name="time_and_class")([times, *label]) if label else times
    return layers.Dense(EMBEDDING, "relu", name="embedding")(hidden)


def _places(time: keras.KerasTensor, shape: tuple[int, int, int]) -> keras.KerasTensor:
    """A learned value for each place of a map: the bias of a dense layer that sees zeros."""
    zeros = layers.Rescaling(0.0, name="nothing")(time)
    places = layers.Dense(math.prod(shape), name="places")(zeros)
    return layers.Reshape(shape, name="places_map")(places)


def _block(
    hidden: keras.KerasTensor, embedding: keras.KerasTensor, is_map: bool, name: str
) -> keras.KerasTensor:
    filters = hidden.shape[-1]

    def layer(part: str, **options):
        options["name"] = f"{name}_{part}"
        if is_map:
            return layers.Conv2D(filters, 3, padding="same", **options)
        return layers.Dense(filters, **options)

    def of_embedding(part: str):
        dense = layers.Dense(filters, kernel_initializer="zeros", name=f"{name}_{part}")
        value = dense(embedding)
        return layers.Reshape((1, 1, filters))(value) if is_map else value

    inner = layer("a")(layers.Activation("relu", name=f"{name}_relu")(hidden))
    scaled = layers.Multiply(name=f"{name}_scaled")([inner, of_embedding("scale")])
    inner = layers.Add(name=f"{name}_shifted")([inner, scaled, of_embedding("shift")])
    inner = layers.Activation("relu", name=f"{name}_relu_2")(inner)
    inner = layer("b", kernel_initializer="zeros")(inner)
    return layers.Add(name=name)([hidden, inner])
