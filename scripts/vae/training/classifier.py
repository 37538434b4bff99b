"""A small network that tells the classes of a dataset apart, to see sample quality by.

One protocol for every dataset, FROZEN: a change of it makes all figures that start with
`classifier_` incomparable with earlier ones. On two cores it takes a minute at most.
"""

import logging
import math
import time

import keras
import numpy as np
from keras import layers, ops

from vae.data.images import Images, Split
from vae.data.pixels import to_unit
from vae.training.batches import Batches, Feed

logger = logging.getLogger(__name__)

FROZEN = {
    "size": 32,  # pixels on a side, to which images of any size are brought
    "filters": [24, 48, 96],  # of 3 x 3 convolutions, each of which halves the image
    "features": 64,  # units of the layer that images are compared in
    "learning_rate": 0.003,  # of Adam, falling to 0 as a half cosine
    "batch_size": 128,
    "images_seen": 200_000,  # epochs: as many as that takes,
    "most_epochs": 40,  # and no more than these
    "seed": 0,
}


def build(image_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """The untrained network: `image` [B, H, W, C] in [0, 1] to `features` [B, 64], `logits` [B, K].

    Batch normalisation has a short memory, since a small dataset is a few hundred steps.
    """
    keras.utils.set_random_seed(FROZEN["seed"])
    image = keras.Input(image_shape, name="image")
    # Not layers.Resizing: after it, Keras 3.15 lets batch normalisation train unless told not to.
    hidden = ops.image.resize(image, (FROZEN["size"], FROZEN["size"]))
    for filters in FROZEN["filters"]:
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(hidden)
        hidden = layers.BatchNormalization(momentum=0.9)(hidden)
        hidden = layers.ReLU()(hidden)
    hidden = layers.GlobalAveragePooling2D()(hidden)
    features = layers.Dense(FROZEN["features"], "relu", name="features")(hidden)
    logits = layers.Dense(classes, name="logits")(features)
    return keras.Model(image, {"features": features, "logits": logits}, name="classifier")


def fit(data: Images) -> tuple[keras.Model, float]:
    """Train the network on the training images that have a class.

    Returns it and its accuracy on the test images that have one.
    """
    network = build(data.shape, len(data.class_names))
    trained = _trainable(network)
    epochs = epochs_for(len(data.train))
    steps = math.ceil(len(data.train) / FROZEN["batch_size"])
    labelled = np.flatnonzero(data.train.labels >= 0)
    rate = keras.optimizers.schedules.CosineDecay(FROZEN["learning_rate"], epochs * steps)
    trained.compile(
        keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # on a CPU, XLA's convolutions are 3 to 6 times slower
        steps_per_execution=min(50, steps),
    )
    start, feed = time.perf_counter(), Feed()
    for epoch in range(epochs):
        order = np.random.default_rng([FROZEN["seed"], epoch]).permutation(labelled)
        order = np.resize(order, len(data.train))  # repeats some if others have no class
        batches = Batches(data.train, FROZEN["batch_size"], order, labelled=True)
        history = trained.fit(**feed.arguments(batches), shuffle=False, verbose=0).history
        logger.info(
            "epoch %d/%d  training accuracy %.1f%%  %.0f s",
            *(epoch + 1, epochs, 100 * history["accuracy"][-1], time.perf_counter() - start),
        )
    return network, accuracy(network, data.test)


def epochs_for(images: int) -> int:
    """How often to show so many training images; at least once."""
    return max(1, min(FROZEN["most_epochs"], FROZEN["images_seen"] // images))


def accuracy(network: keras.Model, split: Split) -> float:
    """The share of images with a class whose class has the largest logit; of no images, 0."""
    correct = 0
    for start in range(0, len(split), 1024):
        image = to_unit(split.pixels[start : start + 1024])
        logits = np.asarray(network(image, training=False)["logits"])
        correct += int((logits.argmax(axis=1) == split.labels[start : start + 1024]).sum())
    return correct / max(int((split.labels >= 0).sum()), 1)


def _trainable(network: keras.Model) -> keras.Model:
    """uint8 images to logits: memory holds no floats but those of a batch."""
    pixels = keras.Input(network.input.shape[1:], dtype="uint8")
    return keras.Model(pixels, network(layers.Rescaling(1 / 255)(pixels))["logits"])
