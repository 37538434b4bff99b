"""Burda's file of OMNIGLOT: what it says of each image, and what can be wrong with it."""

import numpy as np
import pytest
import scipy.io

from tests.helpers import sources
from tests.helpers.layouts import omniglot
from vae.data.sources import omniglot as source
from vae.services.errors import UserError


def content(path):
    return {name: array for name, array in scipy.io.loadmat(path).items() if name[0] != "_"}


def test_characters_are_a_column_and_gray_levels_stay(tmp_path):
    omniglot(tmp_path)
    path = tmp_path / "chardata.mat"
    arrays = content(path)
    arrays["data"][28 + 2, 0] = 0.4  # second column, third row
    scipy.io.savemat(path, arrays)
    images, _ = sources.read(source, path)
    assert images.train.pixels[0, 2, 1, 0] == 102
    assert images.train.columns["character"][[0, 54, 59]].tolist() == [1, 0, 5]
    assert images.test.files[0] == "testdata/0"


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"testdata": np.zeros((784, 50))}, r"there are 51 characters for 50 images"),
        ({"testdata": np.zeros((28, 28, 51))}, r"is not one of images, \[N, 784\]"),
        ({"data": np.full((784, 60), 255)}, "from 255 to 255, not 0 to 1"),
        ({"target": np.zeros((50, 60))}, "an image is not of one alphabet"),
        ({"target": np.eye(60)}, "it has a label 50, and there are 0 to 49"),
        ({"target": np.eye(50)}, r"there are 60 images, and labels of \[50\]"),
    ],
)
def test_other_arrays_are_refused(tmp_path, arrays, reason):
    omniglot(tmp_path)
    path = tmp_path / "chardata.mat"
    scipy.io.savemat(path, content(path) | arrays)
    with pytest.raises(UserError, match=rf"chardata\.mat is damaged.*{reason}"):
        sources.read(source, path)
