"""The handwritten digits that come with scikit-learn: 1,797 gray images of 8x8 pixels."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from vae.data.streams import Block, Raw, Stream
from vae.services.errors import UserError

CHANNELS = 1
SETTINGS = {}

_CLASSES = 10


def read(raw: Raw) -> Stream:
    """Return the digits; a fifth of them, every class in proportion, is the test set.

    Their gray levels 0 to 16 become 0 to 255, rounded. There are no raw files: a digit's file is
    "digits/" and its index in scikit-learn. The classes are called "0" to "9", if `raw` has no
    names.

    Raises UserError if there are not ten class names.
    """
    names = tuple(raw.class_names) or tuple(map(str, range(_CLASSES)))
    if len(names) != _CLASSES:
        raise UserError(
            f"There are ten digits, and {len(names)} names for them: correct class_names in "
            "config/sources.yaml, or remove it."
        )
    levels, labels = load_digits(return_X_y=True)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=0.2, stratify=labels, random_state=0
    )
    order = np.concatenate([train, test])
    pixels = np.rint(levels[order] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    block = Block(
        pixels,
        labels=[names[label] for label in labels[order]],
        files=[f"digits/{index}" for index in order],
        splits=["train"] * len(train) + ["test"] * len(test),
    )
    return Stream(iter([block]), names)
