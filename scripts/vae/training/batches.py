"""Arrays in consecutive batches, as Keras trains on them."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np


def arguments(arrays: np.ndarray | Sequence[np.ndarray], size: int) -> dict[str, Any]:
    """Arguments for `fit` and `evaluate`: batches of `size` images, or of images and classes."""
    if keras.backend.backend() != "tensorflow":
        return {"x": arrays, "batch_size": size}
    import tensorflow as tf

    several = not isinstance(arrays, np.ndarray)
    with tf.device("cpu"):  # a GPU gets a batch at a time
        tensors = [tf.convert_to_tensor(array) for array in (arrays if several else [arrays])]

    def batch(number):
        parts = tuple(tensor[number * size : (number + 1) * size] for tensor in tensors)
        return (parts if several else parts[0],)

    dataset = tf.data.Dataset.range(math.ceil(len(tensors[0]) / size)).map(batch).prefetch(2)
    # What Keras makes of arrays lets tf.data tune itself. Then some epochs of a convolutional
    # network keep to one thread, and take half as long again.
    options = tf.data.Options()
    options.autotune.enabled = False
    return {"x": dataset.with_options(options)}
