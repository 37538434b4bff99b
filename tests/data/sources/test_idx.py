"""Reading idx files: the right ones, and everything that can be wrong with one."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from tests.helpers import ROOT
from tests.helpers.sources import checksum, read
from vae.data.sources import idx
from vae.services.errors import UserError

DATASETS = Path(os.environ.get("VAE_TEST_DATASETS", ROOT / "../shared/datasets"))
IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
arrays = hypothesis_numpy.arrays(np.uint8, hypothesis_numpy.array_shapes(max_dims=3))


@pytest.fixture
def raw(tmp_path: Path) -> list[Path]:
    """The four files of a dataset of 3 + 2 images of 4x5 pixels."""
    content = {
        "t10k-images-idx3-ubyte.gz": IMAGES[:2],
        "t10k-labels-idx1-ubyte.gz": np.array([1, 0], np.uint8),
        "train-images-idx3-ubyte.gz": IMAGES,
        "train-labels-idx1-ubyte.gz": np.array([0, 1, 2], np.uint8),
    }
    for name, array in content.items():
        (tmp_path / name).write_bytes(gzip.compress(idx.build(array)))
    return [tmp_path / name for name in content]


def write(path: Path, array: np.ndarray) -> None:
    path.write_bytes(gzip.compress(idx.build(array)))


def test_four_files_are_read(raw: list[Path]):
    images, skipped = read(idx, *raw, class_names=["a", "b", "c"])
    assert images.shape == (4, 5, 1)
    assert np.array_equal(images.train.pixels[..., 0], IMAGES)
    assert np.array_equal(images.test.pixels[..., 0], IMAGES[:2])
    assert images.train.labels.tolist() == [0, 1, 2]
    assert images.test.labels.tolist() == [1, 0]
    assert images.train.labels.dtype == np.int64
    assert images.class_names == ("a", "b", "c")
    assert [*images.train.files] == [f"train-images-idx3-ubyte/{row}" for row in range(3)]
    assert [*images.test.files] == ["t10k-images-idx3-ubyte/0", "t10k-images-idx3-ubyte/1"]
    assert skipped == []
    assert checksum(images) == "3fcfadd680ca8499"


def test_classes_without_names_are_called_by_their_number(raw: list[Path]):
    assert read(idx, *raw)[0].class_names == ("0", "1", "2")


def test_plain_files_are_read(raw: list[Path]):
    for path in raw:
        path.write_bytes(gzip.decompress(path.read_bytes()))
    assert len(read(idx, *raw)[0].train) == 3


@given(arrays)
def test_what_is_built_is_parsed(array: np.ndarray):
    parsed = idx.parse(idx.build(array), array.ndim, "x")
    assert parsed.shape == array.shape
    assert np.array_equal(parsed, array)


@given(arrays, st.data())
def test_every_truncation_and_addition_is_seen(array: np.ndarray, data: st.DataObject):
    content = idx.build(array)
    end = data.draw(st.integers(0, len(content) - 1))
    for wrong in (content[:end], content + content[: end + 1]):
        with pytest.raises(UserError, match="x is damaged"):
            idx.parse(wrong, array.ndim, "x")


@given(st.binary(max_size=40), st.integers(1, 3))
def test_noise_is_refused(noise: bytes, dimensions: int):
    with pytest.raises(UserError, match="Delete it and run the same command again"):
        idx.parse(b"\1" + noise, dimensions, "x")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "begins with 0x instead of 0x00000803"),
        (b"<html>", "begins with 0x3c68746d"),
        (struct.pack(">HBB3I", 0, 0x0D, 3, 1, 1, 1) + bytes(4), "begins with 0x00000d03"),
        (struct.pack(">HBB1I", 0, 8, 1, 1) + bytes(1), "begins with 0x00000801"),
        (struct.pack(">HBB2I", 0, 8, 3, 1, 1), "ends within its header"),
        (struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3), "its header says 79,228,162,458"),
        (struct.pack(">HBB3I", 0, 8, 3, 0, 28, 28), "it is empty"),
    ],
)
def test_wrong_header_is_refused(data: bytes, reason: str):
    with pytest.raises(UserError, match=reason):
        idx.parse(data, 3, "x")


def test_only_bytes_are_built():
    with pytest.raises(ValueError, match="expected uint8, got float64"):
        idx.build(np.zeros(3))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-4],
        lambda data: data[:20],
        lambda data: data[:12] + b"\xff\xff\xff" + data[15:],
        lambda data: data[:-8] + b"0000" + data[-4:],
        lambda data: data + b"litter",
        lambda data: data[:3],
        lambda data: b"",
        lambda data: b"<html>404</html>",
    ],
)
def test_damaged_file_is_named_with_the_remedy(raw: list[Path], damage):
    path = raw[2]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"train-images.* is damaged .* Delete it"):
        read(idx, *raw)


def test_gzip_bomb_is_refused(raw: list[Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(idx, "MAX_BYTES", 1 << 20)
    raw[2].write_bytes(gzip.compress(bytes(1 << 24)))
    with pytest.raises(UserError, match="more than 1,048,576 bytes"):
        read(idx, *raw)


def test_other_number_of_labels_is_refused(raw: list[Path]):
    write(raw[3], np.zeros(2, np.uint8))
    with pytest.raises(UserError, match=r"train-labels.* 2 labels for 3 images in .*train-images"):
        read(idx, *raw)


def test_label_without_a_name_is_refused(raw: list[Path]):
    with pytest.raises(
        UserError, match=r"train-labels.* label 2, and the source has 2 class names"
    ):
        read(idx, *raw, class_names=["a", "b"])


def test_other_size_of_test_images_is_refused(raw: list[Path]):
    write(raw[0], np.zeros((2, 5, 4), np.uint8))
    with pytest.raises(UserError, match=r"t10k-images.* are 5x4, those to train are 4x5"):
        read(idx, *raw)


def test_missing_file_is_named(raw: list[Path]):
    with pytest.raises(UserError, match=r"t10k-images-idx3-ubyte\.gz is missing"):
        read(idx, *raw[1:])


@pytest.mark.skipif(not (DATASETS / "mnist").is_dir(), reason=f"no real data in {DATASETS}")
def test_real_mnist():
    images, _ = read(idx, *sorted((DATASETS / "mnist").iterdir()))
    assert images.shape == (28, 28, 1)
    assert (len(images.train), len(images.test)) == (60_000, 10_000)
    assert images.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert images.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert images.train.pixels.mean() == pytest.approx(33.318, abs=1e-3)  # 0.1307 * 255
    assert images.class_names == tuple("0123456789")
    assert checksum(images) == "1e35582d42a90940"
