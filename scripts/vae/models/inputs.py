"""What networks are given: images, codes and, where a model is conditional, classes.

A conditional VAE (Sohn et al. 2015, "Learning structured output representation using deep
conditional generative models") models p(x | class): both networks are told the class, so the code
keeps what the class leaves open.
"""

import math

import keras
from keras import layers


def image(
    shape: tuple[int, int, int], classes: int
) -> tuple[keras.KerasTensor | list[keras.KerasTensor], keras.KerasTensor]:
    """An encoder's inputs, and images for its first layer: [B, H, W, C].

    Of classes, if there are any: `class` [B, K], one-hot, beside `image`; it becomes one more
    channel, learned, of the images.
    """
    images = keras.Input(shape, name="image")
    if not classes:
        return images, images
    label = keras.Input((classes,), name="class")
    channel = layers.Dense(math.prod(shape[:2]), name="class_channel")(label)
    channel = layers.Reshape((*shape[:2], 1), name="class_map")(channel)
    return [images, label], layers.Concatenate(name="image_and_class")([images, channel])


def code(
    latent_dim: int, classes: int
) -> tuple[keras.KerasTensor | list[keras.KerasTensor], keras.KerasTensor]:
    """A decoder's inputs, and vectors for its first layer: z [B, D], or z and class [B, D + K]."""
    z = keras.Input((latent_dim,), name="z")
    if not classes:
        return z, z
    label = keras.Input((classes,), name="class")
    return [z, label], layers.Concatenate(name="z_and_class")([z, label])


def joined(first, label):
    """What a network is called with: `first`, and the class where there is one."""
    return first if label is None else [first, label]
