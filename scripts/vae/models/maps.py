"""Sizes of maps of features, which halve and double."""

import math

import keras
from keras import layers


def crop(
    images: keras.KerasTensor, image_shape: tuple[int, ...], name: str = "logits"
) -> keras.KerasTensor:
    """Cut [B, H', W', C] to [B, H, W, C]: sizes that halve unevenly come back larger."""
    margins = [have - want for have, want in zip(images.shape[1:3], image_shape[:2], strict=True)]
    return layers.Cropping2D([(m // 2, m - m // 2) for m in margins], name=name)(images)


def halvings(image_shape: tuple[int, int, int], smallest: int = 16) -> int:
    """How often to halve an image until its shorter side is at most `smallest`."""
    return max(0, math.ceil(math.log2(min(image_shape[:2]) / smallest)))
