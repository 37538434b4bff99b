"""Images in batches, gathered as they are needed: what Keras trains on."""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from vae.data import binarization
from vae.data.images import Split
from vae.models.inputs import joined

BLOCK = 1 << 24  # bytes of pixels: gathered at once, since Python takes a millisecond each time


@dataclass(frozen=True)
class Batches:
    """The images of a split in batches of `size`, of which the last may be smaller.

    Iterating gives blocks, so many whole batches that they are in BLOCK bytes, or one: nothing else
    is in memory. Each pass over them gives the same.

    order: of the images, int64 [N], by default as they are.
    mirrored: which of them, in that order, are mirrored left to right, bool [N].
    binary: draws black and white by the gray values; its state is not changed.
    classes: K, for one-hot classes [B, K] beside the pixels; 0 for none.
    labelled: whether labels [B] are what is to be learned.
    """

    split: Split
    size: int
    order: np.ndarray | None = None
    mirrored: np.ndarray | None = None
    binary: np.random.Generator | None = None
    classes: int = 0
    labelled: bool = False

    def __len__(self) -> int:
        return math.ceil(len(self.split) / self.size)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """What Keras takes: inputs, and labels if there are some, of a block."""
        # What is drawn for one block after the other is what would be drawn for all at once.
        rng = copy.deepcopy(self.binary)
        batch_bytes = self.size * math.prod(self.split.pixels.shape[1:])
        at_once = self.size * max(1, BLOCK // batch_bytes)
        for start in range(0, len(self.split), at_once):
            part = slice(start, start + at_once)
            rows = part if self.order is None else self.order[part]
            pixels, labels = self.split.pixels[rows], self.split.labels[rows]
            if self.mirrored is not None:
                mirrored = self.mirrored[part]
                pixels[mirrored] = pixels[mirrored, :, ::-1]
            if rng is not None:
                pixels = binarization.draw(pixels, rng)
            one_hot = np.eye(self.classes, dtype=np.float32)[labels] if self.classes else None
            inputs = pixels if one_hot is None else (pixels, one_hot)
            yield (inputs, labels) if self.labelled else (inputs,)


class Feed:
    """Hands batches to `fit` and `evaluate`, the next gathered meanwhile.

    One for each use of a split, however many passes there are: TensorFlow takes 0.15 s to set one
    up. Backends other than TensorFlow get arrays of all images.
    """

    def __init__(self):
        self._batches: Batches | None = None
        self._dataset = None

    def arguments(self, batches: Batches) -> dict[str, Any]:
        """Arguments for one pass over batches of the same split and size as those before."""
        if keras.backend.backend() != "tensorflow":
            return _arrays(batches)
        self._batches = batches
        if self._dataset is None:
            self._dataset = _dataset(batches, lambda: iter(self._batches))
        return {"x": self._dataset}


def _dataset(batches: Batches, blocks: Callable[[], Iterator[tuple[Any, ...]]]) -> Any:
    """A tf.data.Dataset of batches like these, cut from blocks."""
    import tensorflow as tf

    pixels, labels = batches.split.pixels, batches.split.labels
    inputs = tf.TensorSpec((None, *pixels.shape[1:]), tf.uint8)
    if batches.classes:
        inputs = (inputs, tf.TensorSpec((None, batches.classes), tf.float32))
    signature = (inputs, tf.TensorSpec((None,), labels.dtype)) if batches.labelled else (inputs,)

    def cut(*block):
        count = tf.shape(tf.nest.flatten(block)[0], tf.int64)[0]
        starts = tf.data.Dataset.range(0, count, batches.size)
        return starts.map(
            lambda start: tf.nest.map_structure(lambda a: a[start : start + batches.size], block)
        )

    with tf.device("cpu"):  # a GPU gets a batch at a time
        dataset = tf.data.Dataset.from_generator(blocks, output_signature=signature)
        dataset = dataset.prefetch(1).flat_map(cut)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(2)
    # What Keras makes of arrays lets tf.data tune itself. Then some epochs of a convolutional
    # network keep to one thread, and take half as long again.
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def _arrays(batches: Batches) -> dict[str, Any]:
    inputs, *labels = zip(*batches, strict=True)
    several = zip(*inputs, strict=True) if batches.classes else [inputs]
    pixels, *one_hot = (np.concatenate(arrays) for arrays in several)
    result = {"x": joined(pixels, *(one_hot or [None])), "batch_size": batches.size}
    return result | ({"y": np.concatenate(*labels)} if labels else {})
