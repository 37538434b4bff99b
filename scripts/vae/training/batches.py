"""Images in batches, gathered as they are needed: what Keras trains on."""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from vae.data import binarization
from vae.data.augmentation import Augmentation
from vae.data.images import Split


@dataclass(frozen=True)
class Batches:
    """The images of a split in batches of `size`, of which the last may be smaller.

    Nothing but a batch is in memory. Each pass over them gives the same.

    order: of the images, int64 [N], by default as they are.
    mirrored: which of them, in that order, are mirrored left to right, bool [N].
    augmented: how, and the changes of each in that order, [N, 5].
    binary: draws black and white by the gray values; its state is not changed.
    classes: K, for one-hot classes [B, K] beside the pixels; 0 for none.
    labelled: whether labels [B] are what is to be learned.
    """

    split: Split
    size: int
    order: np.ndarray | None = None
    mirrored: np.ndarray | None = None
    augmented: tuple[Augmentation, np.ndarray] | None = None
    binary: np.random.Generator | None = None
    classes: int = 0
    labelled: bool = False

    def __len__(self) -> int:
        return math.ceil(len(self.split) / self.size)

    def __iter__(self) -> Iterator[list[np.ndarray]]:
        """The arrays of a batch: pixels, one-hot classes and labels, as far as asked for."""
        # What is drawn for one batch after the other is what would be drawn for all at once.
        rng = copy.deepcopy(self.binary)
        for start in range(0, len(self.split), self.size):
            part = slice(start, start + self.size)
            rows = part if self.order is None else self.order[part]
            pixels, labels = self.split.pixels[rows], self.split.labels[rows]
            if self.mirrored is not None:
                mirrored = self.mirrored[part]
                pixels[mirrored] = pixels[mirrored, :, ::-1]
            if self.augmented is not None:
                augmentation, changes = self.augmented
                pixels = augmentation.apply(pixels, changes[part])
            if rng is not None:
                pixels = binarization.draw(pixels, rng)
            one_hot = [np.eye(self.classes, dtype=np.float32)[labels]] if self.classes else []
            yield [pixels, *one_hot, *([labels] if self.labelled else [])]

    def packed(self, arrays: Sequence[Any]) -> tuple[Any, ...]:
        """What Keras takes of the arrays of a batch: inputs, and labels if they are learned."""
        arrays = list(arrays)
        labels = [arrays.pop()] if self.labelled else []
        return (tuple(arrays) if self.classes else arrays[0], *labels)


class Feed:
    """Hands batches to `fit` and `evaluate`, the next gathered while one is computed.

    One for each use of a split, however many passes there are: TensorFlow takes 0.1 s to set one
    up. Backends other than TensorFlow get arrays of all images.
    """

    def __init__(self):
        self._batches: Batches | None = None
        self._pass: Iterator[list[np.ndarray]] = iter(())
        self._dataset = None

    def arguments(self, batches: Batches) -> dict[str, Any]:
        """Arguments for one pass over batches of the same split and size as those before."""
        if keras.backend.backend() != "tensorflow":
            pixels, *others = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
            inputs, *labels = batches.packed([pixels, *others])
            return {"x": inputs, "batch_size": batches.size} | ({"y": labels[0]} if labels else {})
        self._batches = batches
        if self._dataset is None:
            self._dataset = self._made()
        return {"x": self._dataset}

    def _made(self) -> Any:
        """A tf.data.Dataset of one pass over the batches that are there when it begins."""
        import tensorflow as tf

        batches, example = self._batches, next(iter(self._batches))

        def gather(number):
            arrays = tf.numpy_function(self._gathered, [number], [a.dtype for a in example])
            for array, like in zip(arrays, example, strict=True):
                array.set_shape((None, *like.shape[1:]))
            return batches.packed(arrays)

        # Not from_generator, with which a dense network trains at four fifths of the speed.
        with tf.device("cpu"):  # a GPU gets a batch at a time
            dataset = tf.data.Dataset.range(len(batches)).map(gather).prefetch(2)
        # What Keras makes of arrays lets tf.data tune itself. Then some epochs of a convolutional
        # network keep to one thread, and take half as long again.
        options = tf.data.Options()
        options.autotune.enabled = False
        return dataset.with_options(options)

    def _gathered(self, number: int) -> list[np.ndarray]:
        if number == 0:
            self._pass = iter(self._batches)
        return next(self._pass)
