"""What an array file holds, by its headers alone."""

import numpy as np
import pytest

from tests.helpers import python
from vae.services import array_headers
from vae.services.array_headers import Header


def arrays(*names, shape=(5, 4, 3), descr="|u1"):
    return {name: Header(name, shape, descr, False, 0, 0) for name in names}


def test_headers_are_as_numpy_reads_them(tmp_path):
    written = {
        "a": np.zeros((2, 3), ">u2"),
        "b": np.asfortranarray(np.zeros((2, 3))),
        "c": np.array("é"),
    }
    np.savez(
        tmp_path / "a.npz", **written, objects=np.array([{}], object), record=np.zeros(1, "u1,u2")
    )
    found = array_headers.headers(tmp_path / "a.npz")
    assert list(found) == ["a", "b", "c"]
    for name, array in written.items():
        header = found[name]
        assert (header.shape, np.dtype(header.descr), header.kind) == (
            array.shape,
            array.dtype,
            array.dtype.kind,
        )
        assert header.fortran_order == (name == "b")
        assert header.size - header.start == array.nbytes


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [
        (("train_images", "val_images", "test_images"), None, {"train", "val", "test"}),
        (("X_train", "x_test", "images"), None, {"train", "test"}),
        (("faces",), None, {""}),
        (("a", "b"), None, set()),
        (("a", "b"), "b", {""}),
        (("train_b", "b_test", "images"), "b", {"train", "test"}),
        (("a",), "c", set()),
    ],
)
def test_arrays_of_images_are_known_by_their_names(names, wanted, found):
    assert set(array_headers.images_of(arrays(*names), wanted)) == found


@pytest.mark.parametrize(
    ("shape", "bands", "axes"),
    [
        ((9, 28, 20), None, (0, 1, 2)),
        ((9, 28, 20, 3), None, (0, 1, 2, 3)),
        ((9, 3, 28, 20), None, (0, 2, 3, 1)),
        ((9, 3, 28, 3), None, (0, 1, 2, 3)),
        ((9, 5, 28, 20), [2], (0, 2, 3, 1)),
        ((9, 28, 20, 5), [2], (0, 1, 2, 3)),
    ],
)
def test_channels_come_first_or_last(shape, bands, axes):
    assert array_headers.axes(shape, bands) == axes


def test_the_shape_of_images(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.zeros((2, 3, 28, 20)), y_train=np.zeros(2))
    assert array_headers.image_shape(tmp_path / "a.npz", None) == (28, 20, 3)
    np.save(tmp_path / "a.npy", np.zeros((2, 28, 20)))
    assert array_headers.image_shape(tmp_path / "a.npy", None) == (28, 20, 1)
    (tmp_path / "a.npy").write_bytes(b"no array")
    assert array_headers.image_shape(tmp_path / "a.npy", None) is None


def test_the_snakefile_reads_headers_without_numpy():
    done = python("-c", "import sys, vae.services.array_headers; print('numpy' in sys.modules)")
    assert done.stdout.strip() == "False"
