"""Training and test sets that are the same on every machine, whatever order the files come in."""

import hashlib
import math
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

FEW = 2_000  # training images
FEWEST_HELD_OUT = 8


def split(
    names: Sequence[str], labels: Sequence[int], test_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Split images into a training and a test set, every class in the same proportion.

    names: one for each image, no two of them equal: path within the dataset, with "/".
    labels: class of each image, -1 if it has none.
    test_share: of each class, the share that goes to the test set, rounded; at least one image if
        the class has two, and never the whole class.

    Returns the indices of the training and of the test images. Names decide, by their SHA-256: an
    image more or less hardly moves the others. Within a set they come in the order of the hashes,
    so that the first hundred are a fair sample of it.
    """
    order = sorted(range(len(names)), key=[_digest(name) for name in names].__getitem__)
    classes = defaultdict(list)
    for index in order:
        classes[labels[index]].append(index)
    test = set()
    for members in classes.values():
        size = math.floor(test_share * len(members) + 0.5)
        test.update(members[: min(max(size, 1), len(members) - 1)])
    sets = [i for i in order if i not in test], [i for i in order if i in test]
    return tuple(np.array(indices, dtype=np.int64) for indices in sets)


def held_out(images: int) -> int:
    """How many of so many training images `validation: auto` sets aside.

    A few images are soon learned by heart, and it is those set aside that show when.
    """
    return min(max(images // 10, FEWEST_HELD_OUT), images // 4) if images < FEW else 0


def _digest(name: str) -> bytes:
    # macOS may store accents apart from their letters.
    return hashlib.sha256(unicodedata.normalize("NFC", name).encode()).digest()
