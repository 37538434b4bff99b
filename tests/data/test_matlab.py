"""Arrays of MATLAB files, and what is refused: objects, other versions, sizes that are not true."""

import errno
import struct
import zlib

import numpy as np
import pytest
import scipy.io
from scipy.sparse import csc_array

from vae.data import matlab
from vae.services.errors import UserError

NUMBERS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def write(path, compressed=True, **arrays):
    scipy.io.savemat(path, arrays, do_compression=compressed)
    return path


def complaint(path, name="x"):
    with pytest.raises(UserError, match=r"\.mat ") as caught:
        matlab.load(path, [name])
    return str(caught.value)


@pytest.mark.parametrize("compressed", [True, False])
def test_arrays_of_numbers_are_loaded_and_others_passed_over(tmp_path, compressed):
    others = {"names": np.array(["a"], object), "deep": {"a": {"b": 1}}, "text": "abc"}
    path = write(tmp_path / "a.mat", compressed, **others, x=NUMBERS, y=np.array([[2.5]]), z=[True])
    arrays = matlab.load(path, ["x", "y", "z"])
    np.testing.assert_array_equal(arrays["x"], NUMBERS)
    assert arrays["x"].dtype == np.uint8
    assert (arrays["y"].tolist(), arrays["z"].tolist()) == ([[2.5]], [[1]])


@pytest.mark.parametrize(
    "value",
    [
        np.array(["a", 1], object),
        {"a": 1},
        "text",
        csc_array(np.eye(3)),
        NUMBERS * 1j,
    ],
    ids=["cell", "struct", "char", "sparse", "complex"],
)
def test_what_is_no_array_of_real_numbers_is_refused(tmp_path, value):
    path = write(tmp_path / "a.mat", x=value, y=NUMBERS)
    assert "it has no array of real numbers 'x'; it has y." in complaint(path)


def test_a_missing_array_is_named(tmp_path):
    assert "real numbers 'y'; it has x." in complaint(write(tmp_path / "a.mat", x=NUMBERS), "y")
    assert "real numbers 'x'; it has none." in complaint(write(tmp_path / "b.mat"))


def test_other_versions_are_refused(tmp_path):
    path = tmp_path / "a.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n")
    assert "version 7.3, which is HDF5" in complaint(path)
    assert "-v7" in complaint(path)
    scipy.io.savemat(path, {"x": NUMBERS[0]}, format="4")
    assert "not a MATLAB file of version 5" in complaint(path)


def element(kind, content, size=None):
    return struct.pack("<II", kind, len(content) if size is None else size) + content


def matrix(*, count=None, name_size=None, dimensions=(2, 3)):
    """An element with an array x of doubles, whose parts may say another size than is true."""
    flags = element(6, struct.pack("<II", 6, 0))
    shape = element(5, struct.pack("<ii", *dimensions))
    name = element(1, b"x".ljust(8, b"\0"), 1 if name_size is None else name_size)
    return element(14, flags + shape + name + element(9, bytes(48), count))


def mat(*elements):
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + b"".join(elements)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (matrix(count=2**32 - 8), "an array in it is longer than its place"),
        (matrix(name_size=2**31), "an array in it is longer than its place"),
        (matrix(dimensions=(2**31 - 1, 2**31 - 1)), "has 6 values"),
        (matrix(dimensions=(-2, -3)), r"[-2, -3] in it has 6 values"),
        (matrix() + b"more", "an array in it is not as long as it says"),
    ],
    ids=["values", "name", "dimensions", "negative", "array"],
)
def test_sizes_that_are_not_true_are_refused(tmp_path, content, reason, packed):
    path = tmp_path / "a.mat"
    path.write_bytes(mat(element(15, zlib.compress(matrix()))))
    assert matlab.load(path, ["x"])["x"].shape == (2, 3)
    path.write_bytes(mat(element(15, zlib.compress(content)) if packed else content))
    assert "Delete it" in complaint(path)
    if packed:
        assert reason in complaint(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (element(14, b"", 2**32 - 1), "it ends too early"),
        (element(15, zlib.compress(matrix())[:-6]), "its compression is damaged"),
        (element(15, zlib.compress(matrix()) + b"more"), "its compression is damaged"),
        (element(15, zlib.compress(matrix()), 2**32 - 1), "its compression is damaged"),
    ],
    ids=["long", "cut", "more", "long and compressed"],
)
def test_elements_that_are_damaged(tmp_path, content, reason):
    (tmp_path / "a.mat").write_bytes(mat(content))
    assert reason in complaint(tmp_path / "a.mat")


@pytest.mark.parametrize("kind", [8, 10, 14, 15, 25, 1000])
def test_values_of_an_unknown_type_are_refused(tmp_path, kind):
    """SciPy crashes on these."""
    content = bytearray(matrix())
    content[-56:-52] = struct.pack("<I", kind)
    (tmp_path / "a.mat").write_bytes(mat(content))
    assert f"numbers in it are of the unknown type {kind}" in complaint(tmp_path / "a.mat")


def test_numbers_of_the_other_byte_order_are_read(tmp_path):
    """As some machines wrote them."""
    parts = ((6, ">II", (6, 0)), (5, ">ii", (2, 1)), (1, "8s", (b"x",)), (3, ">hhi", (1, -2, 0)))
    sizes = (8, 8, 1, 4)
    content = b"".join(
        struct.pack(">II", kind, size) + struct.pack(form, *values)
        for (kind, form, values), size in zip(parts, sizes, strict=True)
    )
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI"
    (tmp_path / "a.mat").write_bytes(header + struct.pack(">II", 14, len(content)) + content)
    assert matlab.load(tmp_path / "a.mat", ["x"])["x"].tolist() == [[1], [-2]]


def test_a_bomb_ends_early(tmp_path, monkeypatch):
    monkeypatch.setattr(matlab, "MAX_BYTES", 1 << 20)
    (tmp_path / "a.mat").write_bytes(mat(element(15, zlib.compress(bytes(1 << 24)))))
    assert "it unpacks to more than 1,048,576 bytes" in complaint(tmp_path / "a.mat")


def test_neither_a_missing_file_nor_a_full_disk_means_damage(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        matlab.load(tmp_path / "a.mat", ["x"])
    path = write(tmp_path / "a.mat", x=NUMBERS)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(matlab, "_write", full)
    with pytest.raises(OSError, match="No space left on device"):
        matlab.load(path, ["x"])


def test_images_come_column_by_column():
    rows = np.array([[0, 0.2, 1, 0.6]])
    assert matlab.images(rows, 2)[0, ..., 0].tolist() == [[0, 255], [51, 153]]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((2, 5)), r"\[2, 5\] is not one of images, \[N, 4\]"),
        (np.zeros((0, 4)), r"\[0, 4\] is not"),
        (np.zeros((2, 2, 1)), r"\[2, 2, 1\] is not"),
        (np.full((1, 4), 2), "from 2 to 2, not 0 to 1"),
        (np.full((1, 4), np.nan), "from nan to nan, not 0 to 1"),
    ],
)
def test_what_is_no_image_is_refused(values, reason):
    with pytest.raises(ValueError, match=reason):
        matlab.images(values, 2)
