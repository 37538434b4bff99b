"""Numbers of classes to their names."""

from collections.abc import Sequence

import numpy as np


def named(labels: np.ndarray, names: Sequence[str], count: int, first: int = 0) -> list[str]:
    """The names of the classes of `count` images.

    labels: a number for each, [N], [N, 1] or [1, N], of any type.
    first: the number of the first class.

    Raises ValueError if there is not one label for each image, or one has no name.
    """
    numbers = labels.ravel()
    if labels.size != count or max(labels.shape, default=0) != count:
        raise ValueError(f"there are {count:,} images, and labels of {list(labels.shape)}")
    last = first + len(names) - 1
    wrong = numbers[~np.isin(numbers, np.arange(first, last + 1))]
    if len(wrong):
        raise ValueError(f"it has a label {wrong[0]:g}, and there are {first} to {last}")
    return [names[number] for number in numbers.astype(np.int64) - first]
