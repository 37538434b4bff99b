"""Training and test sets that are the same on every machine, whatever order the files come in."""

import hashlib
import math
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

FEW = 2_000  # training images
FEWEST_HELD_OUT = 8


def split(
    names: Sequence[str],
    labels: Sequence[int],
    test_share: float,
    groups: Sequence[Hashable] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Split images into a training and a test set, every class in the same proportion.

    names: one for each image, no two of them equal: path within the dataset, with "/".
    labels: class of each image, -1 if it has none.
    test_share: of each class, the share that goes to the test set, rounded; at least one image if
        the class has two, and never the whole class.
    groups: of each image its group, which stays together; by default each is one by itself.

    Returns the indices of the training and of the test images. Names decide, by their SHA-256: an
    image more or less hardly moves the others. Within a set they come in the order of the hashes,
    so that the first hundred are a fair sample of it.

    A group counts with the class of the first of its names in that order. It goes to the test set
    if it fits into what the class still wants, otherwise it stays in training. If no class has two
    groups, classes are ignored.
    """
    order = sorted(range(len(names)), key=[_digest(name) for name in names].__getitem__)
    together = defaultdict(list)
    for index in order:
        together[index if groups is None else groups[index]].append(index)
    classes = defaultdict(list)
    for members in together.values():
        classes[labels[members[0]]].append(members)
    if all(len(parts) == 1 for parts in classes.values()):
        classes = {-1: [*together.values()]}
    test = set()
    for parts in classes.values():
        count = sum(map(len, parts))
        wanted = min(max(math.floor(test_share * count + 0.5), 1), count - 1)
        for members in parts:
            if len(members) <= wanted:
                test.update(members)
                wanted -= len(members)
    sets = [i for i in order if i not in test], [i for i in order if i in test]
    return tuple(np.array(indices, dtype=np.int64) for indices in sets)


def drawn(groups: Sequence[Hashable], count: int) -> np.ndarray:
    """Draw so many images or a few less, the same on every machine, and groups as a whole.

    groups: of each image its group. Returns their indices, sorted.
    """
    together = defaultdict(list)
    for index in np.random.default_rng(0).permutation(len(groups)).tolist():
        together[groups[index]].append(index)
    chosen: list[int] = []
    for members in together.values():
        if len(chosen) + len(members) <= count:
            chosen += members
    return np.array(sorted(chosen), dtype=np.int64)


def held_out(images: int) -> int:
    """How many of so many training images `validation: auto` sets aside.

    A few images are soon learned by heart, and it is those set aside that show when.
    """
    return min(max(images // 10, FEWEST_HELD_OUT), images // 4) if images < FEW else 0


def _digest(name: str) -> bytes:
    # macOS may store accents apart from their letters.
    return hashlib.sha256(unicodedata.normalize("NFC", name).encode()).digest()
