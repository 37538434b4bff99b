"""The handwritten digits that come with scikit-learn: 1,797 gray images of 8x8 pixels."""

from collections.abc import Sequence

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from vae.data.images import Images, Split

CHANNELS = 1


def read(raw: Sequence[str] = (), class_names: Sequence[str] = ()) -> Images:
    """Return the digits; a fifth of them, every class in proportion, is the test set.

    Their gray levels 0 to 16 become 0 to 255, rounded. There are no raw files to name, and the
    classes are called "0" to "9" unless `class_names` says otherwise.
    """
    levels, labels = load_digits(return_X_y=True)
    pixels = np.rint(levels * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    train_pixels, test_pixels, train_labels, test_labels = train_test_split(
        pixels, labels.astype(np.int64), test_size=0.2, stratify=labels, random_state=0
    )
    return Images(
        Split(train_pixels, train_labels),
        Split(test_pixels, test_labels),
        tuple(class_names) or tuple("0123456789"),
    )
