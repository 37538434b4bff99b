"""The file of Caltech 101 Silhouettes: what can be wrong with it."""

import numpy as np
import pytest
import scipy.io

from tests.helpers import sources
from tests.helpers.layouts import silhouettes
from vae.data.sources import silhouettes as source
from vae.services.errors import UserError

FILE = "caltech101_silhouettes_28_split1.mat"


def test_classes_can_be_named(tmp_path):
    silhouettes(tmp_path)
    names = [f"class {k}" for k in range(101)]
    images, _ = sources.read(source, tmp_path / FILE, class_names=names)
    assert images.class_names == tuple(names)
    assert images.validation.labels.tolist() == [*range(101), 0]
    assert images.test.files[2] == "test_data/2"


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"val_labels": np.zeros((102, 1))}, "it has a label 0, and there are 1 to 101"),
        ({"val_labels": np.ones((101, 1))}, r"102 images, and labels of \[101, 1\]"),
        ({"test_data": np.full((102, 784), 2)}, "from 2 to 2, not 0 to 1"),
        ({"test_data": np.zeros((102, 256))}, r"\[102, 256\] is not one of images"),
        (
            {"train_labels": np.array([["a"]], object)},
            "no array of real numbers 'train_labels'; it has",
        ),
    ],
)
def test_other_arrays_are_refused(tmp_path, arrays, reason):
    silhouettes(tmp_path)
    content = {k: v for k, v in scipy.io.loadmat(tmp_path / FILE).items() if k[0] != "_"}
    scipy.io.savemat(tmp_path / FILE, content | arrays)
    with pytest.raises(UserError, match=f"{FILE} is damaged.*{reason}"):
        sources.read(source, tmp_path / FILE)
