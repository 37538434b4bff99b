"""Files of MedMNIST: classes, findings, and what can be wrong with them."""

import numpy as np
import pytest

from tests.helpers import sources
from tests.helpers.layouts import letters, medmnist
from vae.data.sources import medmnist as source
from vae.services.errors import UserError

PARTS = ("train", "val", "test")
NAMES = ("normal", "pneumonia")


def write(folder, labels=None, images=None, **changes):
    labels = np.array([[0], [1], [0]]) if labels is None else labels
    images = letters(3)[..., 0] if images is None else images
    arrays = {f"{part}_images": images for part in PARTS}
    arrays |= {f"{part}_labels": labels for part in PARTS}
    kept = {name: array for name, array in (arrays | changes).items() if array is not None}
    np.savez_compressed(folder / "a.npz", **kept)
    return folder / "a.npz"


def test_findings_are_columns_and_no_classes(tmp_path):
    medmnist(tmp_path, "chestmnist")
    names = [f"finding {k}" for k in range(14)]
    images, _ = sources.read(source, tmp_path / "chestmnist.npz", class_names=names)
    assert images.class_names == ()
    assert list(images.validation.columns) == names
    assert images.validation.columns["finding 2"].tolist() == [0, 0, 1] + [0] * 13 + [1]
    assert images.test.files[4] == "test_images/4"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"val_images": None}, "it has no array 'val_images'; it has train_images, test_images"),
        ({"test_labels": np.array([[0], [2], [0]])}, "it has a label 2, and there are 0 to 1"),
        ({"test_labels": np.array([0, 1, 0])}, r"test_labels is int64 \[3\], not whole numbers"),
        ({"test_labels": np.zeros((3, 1))}, "test_labels is float64"),
        ({"test_labels": np.zeros((3, 2), int)}, "differ in their shapes"),
        ({"test_labels": np.zeros((3, 3), int)}, r"not whole numbers \[N, 1\] or \[N, 2\]"),
        ({"test_images": letters(3, 64)[..., 0]}, "differ in their shapes"),
        ({"test_images": letters(3, channels=3)}, "differ in their shapes"),
        ({"test_labels": np.zeros((2, 1), int)}, r"test_labels is int64 \[2, 1\], .* for 3 images"),
        ({"images": letters(3, 32)[..., 0]}, r"train_images is uint8 \[3, 32, 32\], not"),
        ({"images": letters(3)[..., 0].astype(float)}, "train_images is float64"),
        ({"images": letters(3)[..., [0, 0]]}, r"train_images is uint8 \[3, 28, 28, 2\]"),
        (
            {"images": letters(0)[..., 0], "labels": np.zeros((0, 1), int)},
            r"is uint8 \[0, 28, 28\], not",
        ),
        ({"val_images": np.array([{}], object)}, "it has no array 'val_images'"),
    ],
)
def test_other_arrays_are_refused(tmp_path, changes, reason):
    with pytest.raises(UserError, match=rf"a\.npz is damaged.*{reason}"):
        sources.read(source, write(tmp_path, **changes), class_names=NAMES)
