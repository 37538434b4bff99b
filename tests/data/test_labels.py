"""Names of classes by their numbers."""

import numpy as np
import pytest

from vae.data.labels import named


@pytest.mark.parametrize(
    "labels", [np.array([1, 3]), np.array([[1], [3]], np.uint8), np.array([[1.0, 3.0]])]
)
def test_labels_of_any_shape_and_type_are_named(labels):
    assert named(labels, "abc", 2, first=1) == ["a", "c"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.array([1, 0]), "it has a label 0, and there are 1 to 3"),
        (np.array([1, 4]), "it has a label 4, and there are 1 to 3"),
        (np.array([1, 1.5]), "it has a label 1.5"),
        (np.array([1, np.nan]), "it has a label nan"),
        (np.array([1]), r"there are 2 images, and labels of \[1\]"),
        (np.ones((2, 2)), r"labels of \[2, 2\]"),
    ],
)
def test_labels_that_are_none_are_refused(labels, reason):
    with pytest.raises(ValueError, match=reason):
        named(labels, "abc", 2, first=1)
