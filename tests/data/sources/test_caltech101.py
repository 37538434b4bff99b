"""Reading Caltech101's archive: a small one in the official layout, damaged ones and evil ones."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers import sources
from vae.data import archives
from vae.data.sources import caltech101
from vae.services.errors import UserError

INNER = "caltech-101/101_ObjectCategories.tar.gz"
ROOT = "101_ObjectCategories"


def jpeg(colour: str | int, mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, "JPEG", quality=95)
    return file.getvalue()


RED = jpeg("red")
# Of the training images of `official`, by the hashes of their names.
ORDER = [
    *("Faces/image_0005.jpg", "yin_yang/image_0004.jpg", "ant/image_0001.jpg"),
    *("ant/image_0005.jpg", "Faces/image_0003.jpg", "Faces/image_0004.jpg"),
    *("Faces/image_0002.jpg", "yin_yang/image_0005.jpg", "yin_yang/image_0003.jpg"),
    *("ant/image_0002.jpg", "ant/image_0004.jpg", "yin_yang/image_0001.jpg"),
]


def member(name: str, data: bytes = b"", **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def official() -> list[tuple[tarfile.TarInfo, bytes]]:
    """Five pictures each of three classes, one of them gray, and two of the background."""
    folders = {"yin_yang": jpeg(128, "L"), "Faces": RED, "ant": jpeg("blue", size=(30, 40))}
    members = [member(ROOT, type=tarfile.DIRTYPE)]
    members += [member(f"{ROOT}/BACKGROUND_Google/tmp", b"no image")]
    members += [member(f"{ROOT}/BACKGROUND_Google/image_000{n}.jpg", RED) for n in (1, 2)]
    for name, data in folders.items():
        members += [member(f"{ROOT}/{name}/image_000{n}.jpg", data) for n in range(1, 6)]
    return members


def tar_of(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def zip_of(path: Path, inner: bytes, name: str = INNER) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/caltech-101/._101_ObjectCategories.tar.gz", b"litter")
        archive.writestr("caltech-101/show_annotation.m", b"% Matlab")
        archive.writestr(name, inner)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "caltech-101.zip"


def read(path: str | Path, **settings):
    return sources.read(caltech101, path, **{"size": 8} | settings)


def test_images_and_their_classes(path):
    images, skipped = read(zip_of(path, tar_of(official())))
    assert skipped == []
    assert images.class_names == ("Faces", "ant", "yin_yang")
    assert images.shape == (8, 8, 3)
    assert (len(images.train), len(images.test)) == (12, 3)
    assert [*images.train.files] == ORDER
    colours = {0: (254, 0, 0), 1: (0, 0, 254), 2: (128, 128, 128)}
    for part in (images.train, images.test):
        assert set(part.labels) == {0, 1, 2}
        assert [name.split("/")[0] for name in part.files] == [
            images.class_names[label] for label in part.labels
        ]
        for pixels, label in zip(part.pixels, part.labels, strict=True):
            assert np.abs(pixels - np.array(colours[label], int)).max() <= 1


def test_the_background_comes_when_it_is_asked_for(path):
    images, skipped = read(zip_of(path, tar_of(official())), background=True)
    assert skipped == []
    assert images.class_names == ("BACKGROUND_Google", "Faces", "ant", "yin_yang")
    assert len(images.train) + len(images.test) == 17


def test_the_order_of_the_files_does_not_matter(path, tmp_path):
    images, _ = read(zip_of(path, tar_of(official())))
    other, _ = read(zip_of(tmp_path / "other.zip", tar_of(official()[::-1])))
    for part in ("train", "test"):
        a, b = getattr(images, part), getattr(other, part)
        np.testing.assert_array_equal(a.pixels, b.pixels)
        np.testing.assert_array_equal(a.labels, b.labels)


def test_a_damaged_picture_is_skipped_and_named(path):
    members = [*official(), member(f"{ROOT}/ant/image_0006.jpg", RED[:-200])]
    raw = zip_of(path, tar_of(members))
    images, skipped = read(raw, max_skipped=0.07)
    assert len(images.train) + len(images.test) == 15
    ((name, reason),) = skipped
    assert name == "ant/image_0006.jpg"
    assert "runcated" in reason
    with pytest.raises(UserError, match=r"1 of 16 files .* 5% .*\n  ant/image_0006.jpg: Trunc"):
        read(raw)


def evil() -> list[tuple[tarfile.TarInfo, bytes]]:
    """What an archive can hold to write, or read, outside of the folder it is unpacked to."""
    outside = [f"../evil/{n}.jpg" for n in "ab"] + [f"{ROOT}/../../evil.jpg", "/tmp/evil/evil.jpg"]
    link = {"linkname": "/etc/passwd"}
    return [
        *(member(name, RED) for name in outside),
        member(f"{ROOT}/ant/link.jpg", type=tarfile.SYMTYPE, **link),
        member(f"{ROOT}/ant/hard.jpg", type=tarfile.LNKTYPE, **link),
        member(f"{ROOT}/ant/null.jpg", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member(f"{ROOT}/ant/disk.jpg", type=tarfile.BLKTYPE, devmajor=8, devminor=0),
        member(f"{ROOT}/ant/pipe.jpg", type=tarfile.FIFOTYPE),
        member(f"{ROOT}/ant/folder.jpg", type=tarfile.DIRTYPE),
        member(f"{ROOT}/ant/._image_0001.jpg", b"litter of macOS"),
    ]


def test_an_evil_archive_writes_nothing_and_adds_nothing(path, monkeypatch, tmp_path):
    raw = zip_of(path, tar_of([*evil(), *official(), *evil()]))
    (tmp_path / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep/er")
    before = sorted(tmp_path.rglob("*"))
    images, skipped = read(raw)
    assert images.class_names == ("Faces", "ant", "yin_yang")
    assert len(images.train) + len(images.test) == 15
    assert skipped == []
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/evil").exists()


def test_a_file_that_declares_terabytes_is_damaged(path):
    infos = [member(f"{ROOT}/ant/image_0009.jpg", RED, size=1 << 42)]
    data = tar_of(official())
    header = infos[0][0].tobuf(tarfile.GNU_FORMAT)
    inner = archives.gzip.compress(archives.gzip.decompress(data)[:-10240] + header + RED)
    with pytest.raises(UserError, match="damaged"):
        read(zip_of(path, inner))


def test_a_bomb_ends_early(path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1 << 20)
    inner = tar_of([member(f"{ROOT}/ant/zeros.jpg", bytes(1 << 22))])
    with pytest.raises(UserError, match="more than 1,048,576 bytes"):
        read(zip_of(path, inner))


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_truncated_inner_archive_is_told(path, share):
    inner = tar_of(official())
    with pytest.raises(UserError, match=f"{path}.*Delete it and run the same command again"):
        read(zip_of(path, inner[: int(share * len(inner))]))


@pytest.mark.parametrize("share", [0, 0.5, 0.9])
def test_a_truncated_zip_is_told(path, share):
    zip_of(path, tar_of(official()))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(UserError, match="not the archive of Caltech101, or damaged"):
        read(path)


def test_a_flipped_bit_is_told(path):
    zip_of(path, tar_of(official()))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        read(path)


def test_another_zip_is_told(path):
    with pytest.raises(UserError, match="it holds no 101_ObjectCategories"):
        read(zip_of(path, b"", name="caltech-256.tar"))


def test_an_encrypted_zip_is_told(path):
    zip_of(path, tar_of(official()))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = -1
        while (start := data.find(signature, start + 1)) >= 0:
            data[start + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="encrypted"):
        read(path)


def test_an_archive_without_pictures_is_told(path):
    with pytest.raises(UserError, match="0 readable pictures"):
        read(zip_of(path, tar_of([])))


def test_real_data(datasets):
    images, skipped = read(datasets / "caltech101/caltech-101.zip", size=16, workers=2)
    assert skipped == []
    assert len(images.class_names) == 101
    assert images.train.pixels.shape == (2424, 16, 16, 3)
    assert images.test.pixels.shape == (606, 16, 16, 3)
    assert set(np.bincount(images.test.labels)) == {6}
    assert images.train.pixels.std() > 50
