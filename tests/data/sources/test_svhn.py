"""SVHN's files: what can be wrong with them."""

import numpy as np
import pytest
import scipy.io

from tests.helpers import sources
from tests.helpers.layouts import letters, svhn
from vae.data.sources import svhn as source
from vae.services.errors import UserError

FILES = ("train_32x32.mat", "test_32x32.mat")


def read(folder, *files, **options):
    return sources.read(source, *(folder / file for file in files or FILES), **options)[0]


def test_classes_are_the_digits_whatever_the_order_of_the_files(tmp_path):
    svhn(tmp_path)
    images = read(tmp_path, *FILES[::-1])
    assert images.class_names == tuple("0123456789")
    assert images.train.labels.tolist() == [*range(1, 10), 0] * 2
    assert images.train.files[3] == "train_32x32.mat/3"
    assert images.train.pixels[0].max(axis=(0, 1)).tolist() == [255, 127, 63]


def test_a_missing_file_is_named(tmp_path):
    svhn(tmp_path)
    with pytest.raises(UserError, match=r"test_32x32\.mat is missing"):
        read(tmp_path, FILES[0])


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"y": np.arange(5)}, "it has a label 11"),
        ({"y": np.arange(4)}, r"there are 5 images, and labels of \[1, 4\]"),
        ({"X": np.zeros((32, 32, 3, 5))}, "X is float64"),
        ({"X": np.zeros((5, 32, 32, 3), np.uint8)}, r"X is uint8 \[5, 32, 32, 3\]"),
        ({"X": np.zeros((32, 32), np.uint8)}, r"X is uint8 \[32, 32\], not uint8"),
    ],
)
def test_other_arrays_are_refused(tmp_path, arrays, reason):
    svhn(tmp_path)
    right = {"X": np.moveaxis(letters(5, 32, 3), 0, 3), "y": np.arange(1, 6)}
    arrays = {name: array + 7 * (name == "y") for name, array in arrays.items()}
    scipy.io.savemat(tmp_path / FILES[1], right | arrays)
    with pytest.raises(UserError, match=rf"test_32x32\.mat is damaged.*{reason}"):
        read(tmp_path)
