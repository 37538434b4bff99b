"""Reading CIFAR-10's archive: a small one in the official layout, and what can be wrong with it."""

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.sources import checksum, read
from vae.data import archives
from vae.data.sources import cifar10
from vae.services.errors import UserError

CLASSES = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())
META = "\n".join((*CLASSES, "", "")).encode()
# Not in order, as in the official archive.
ORDER = (1, 4, 3, "test", 5, 2)


def records(labels: list[int], seed: int = 0) -> bytes:
    """Records with these labels and pixels that noone else has."""
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), 3072), np.uint8)
    return np.concatenate([np.array(labels, np.uint8)[:, None], pixels], axis=1).tobytes()


def official() -> dict[str, bytes]:
    """Two records in each training batch, labelled with its number, and three to test."""
    content = {"batches.meta.txt": META, "readme.html": b"<html>"}
    for part in ORDER:
        name = "test_batch.bin" if part == "test" else f"data_batch_{part}.bin"
        content[name] = records([9, 0, 1]) if part == "test" else records([part, part], seed=part)
    return content


def write(path: Path, content: dict[str, bytes]) -> str:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cifar-10-binary.tar.gz"


def test_images_come_in_the_official_order(path):
    images, skipped = read(cifar10, write(path, official()))
    assert images.train.labels.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert images.test.labels.tolist() == [9, 0, 1]
    assert images.class_names == CLASSES
    assert images.shape == (32, 32, 3)
    assert images.train.labels.dtype == np.int64
    assert [*images.test.files] == [f"test_batch.bin/{row}" for row in range(3)]
    assert images.train.files[2] == "data_batch_2.bin/0"
    assert skipped == []
    assert checksum(images) == "bcf28cab8ad02c03"


def test_pixels_are_planes_of_red_green_and_blue(path):
    content = official()
    red_corner = bytearray(3073)
    red_corner[1], red_corner[1 + 31], red_corner[1 + 1024 + 32] = 255, 7, 8
    content["test_batch.bin"] = bytes(red_corner)
    pixels = read(cifar10, write(path, content))[0].test.pixels
    assert pixels[0, 0, 0].tolist() == [255, 0, 0]
    assert pixels[0, 0, 31].tolist() == [7, 0, 0]
    assert pixels[0, 1, 0].tolist() == [0, 8, 0]
    assert pixels.sum() == 255 + 7 + 8


def test_names_can_be_given(path):
    names = [f"class {number}" for number in range(10)]
    images, _ = read(cifar10, write(path, official()), class_names=names)
    assert images.class_names == tuple(names)
    with pytest.raises(UserError, match="ten classes, and 1 names"):
        read(cifar10, path, class_names=["airplane"])


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("data_batch_3.bin", records([1])[:-1], "data_batch_3.bin has 3,072 bytes"),
        ("data_batch_3.bin", b"", "data_batch_3.bin has 0 bytes"),
        ("test_batch.bin", records([1, 10]), "test_batch.bin has a label 10"),
        ("data_batch_3.bin", None, "lacks data_batch_3.bin"),
        ("batches.meta.txt", b"airplane\n", "1 names"),
        ("batches.meta.txt", META.replace(b"ship", b"truck"), "two of its classes"),
    ],
)
def test_a_wrong_member_is_told(path, name, data, reason):
    content = official()
    content[name] = data
    if data is None:
        del content[name]
    with pytest.raises(UserError, match=f"{path}.*{reason}.*Delete it and run"):
        read(cifar10, write(path, content))


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.6, 0.99, 0.9999])
def test_a_truncated_archive_is_told(path, share):
    write(path, official())
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UserError, match=f"{path}.*Delete it and run the same command again"):
        read(cifar10, path)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.9999])
def test_a_flipped_bit_is_told(path, share):
    write(path, official())
    data = bytearray(path.read_bytes())
    data[int(share * len(data))] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        read(cifar10, path)


@pytest.mark.parametrize(
    "data",
    [b"<html>not found</html>", gzip.compress(b"text" * 999)],
    ids=["html", "gzip"],  # a gzip file holds the time: two processes would name two tests
)
def test_another_file_is_told(path, data):
    path.write_bytes(data)
    with pytest.raises(UserError, match="not the CIFAR-10 archive"):
        read(cifar10, path)


def test_a_bomb_ends_early(path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1 << 20)
    write(path, {"other.bin": bytes(1 << 22)})
    with pytest.raises(UserError, match="unpacks to more than 1,048,576 bytes"):
        read(cifar10, path)


def test_real_data(datasets):
    images, _ = read(cifar10, datasets / "cifar10/cifar-10-binary.tar.gz")
    assert images.train.pixels.shape == (6000, 32, 32, 3)
    assert images.test.pixels.shape == (1200, 32, 32, 3)
    assert images.class_names == CLASSES
    assert set(images.train.labels) == set(range(10))
    assert checksum(images) == "581bf59bdcb86ce0"
