"""A folder of pictures: classes, labels, and the files that are left out."""

import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers import sources
from tests.helpers.pictures import BAD, GOOD, encoded
from vae.data.sources import folder
from vae.services.errors import UserError


def read(path: Path, size: int = 8, **settings):
    return sources.read(folder, path, size=size, **settings)


def scene(seed: int) -> bytes:
    """A small photograph of nothing."""
    noise = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    image = Image.fromarray(noise).resize((48, 40), Image.Resampling.BICUBIC)
    return encoded(image, "JPEG", quality=90)


def write(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(scene(seed))


@pytest.fixture(scope="module")
def three_hundred(tmp_path_factory) -> Path:
    """300 pictures in two classes, good, odd and bad, and a link in a circle."""
    root = tmp_path_factory.mktemp("pictures")
    for name in ("one class", "другой"):
        (root / name).mkdir()
    odd = GOOD | {name: data for name, (data, _) in BAD.items()}
    for name, data in odd.items():
        (root / "one class" / name).write_bytes(data)
    for number in range(300 - len(odd)):
        name = ("one class", "другой")[number % 2]
        (root / name / f"{number:03}.jpg").write_bytes(scene(number))
    (root / "one class/loop").symlink_to("..")
    return root


def test_three_hundred_pictures(three_hundred):
    images, skipped = read(three_hundred, 16)
    assert images.class_names == ("one class", "другой")
    assert images.shape == (16, 16, 3)
    assert (len(images.train), len(images.test)) == (237, 59)
    reasons = dict(skipped)
    assert set(reasons) == {f"one class/{name}" for name in (*BAD, "loop")}
    for name, (_, reason) in BAD.items():
        assert reason in reasons[f"one class/{name}"]
        assert "\n" not in reasons[f"one class/{name}"]


def test_the_log_says_how_many_files_have_several_frames(three_hundred, caplog):
    read(three_hundred)
    assert "1 files have several frames or pages: the first was taken" in caplog.text


def test_too_many_bad_files_are_an_error(three_hundred):
    with pytest.raises(UserError) as error:
        read(three_hundred, 16, max_skipped=0.01)
    text = str(error.value)
    assert f"5 of 301 files in {three_hundred} cannot be read" in text
    assert "more than the 1% that max_skipped admits" in text
    assert "  one class/text.png: not a picture in a format that Pillow knows" in text


def test_the_images_do_not_depend_on_the_number_of_workers(three_hundred):
    one, three = (read(three_hundred, workers=n)[0] for n in (1, 3))
    np.testing.assert_array_equal(one.train.pixels, three.train.pixels)
    np.testing.assert_array_equal(one.test.labels, three.test.labels)


def test_each_image_keeps_its_label(tmp_path):
    for number, name in enumerate(("black", "gray", "white")):
        (tmp_path / name).mkdir()
        for index in range(40):
            image = Image.new("L", (9, 9), 100 * number + index)
            image.save(tmp_path / name / f"{index}.png")
    images, _ = read(tmp_path, 4)
    for part in (images.train, images.test):
        np.testing.assert_array_equal(part.pixels[:, 0, 0, 0] // 100, part.labels)
    values = np.concatenate([part.pixels[:, 0, 0, 0] for part in (images.train, images.test)])
    assert sorted(values) == [100 * n + i for n in range(3) for i in range(40)]
    assert sources.checksum(images) == "e3c9835958d52393"
    names = [f"{('black', 'gray', 'white')[v // 100]}/{v % 100}.png" for v in values]
    assert [*images.train.files, *images.test.files] == names


def test_a_folder_without_subfolders_has_no_labels(tmp_path):
    for number in range(10):
        (tmp_path / f"{number}.jpg").write_bytes(scene(number))
    images, skipped = read(tmp_path)
    assert skipped == []
    assert images.class_names == ()
    assert set(images.train.labels) == set(images.test.labels) == {-1}
    assert (len(images.train), len(images.test)) == (8, 2)


def test_files_beside_the_classes_are_left_out_and_do_not_count(tmp_path, caplog):
    caplog.set_level("INFO")
    for number in range(10):
        write(tmp_path / f"{'ab'[number % 2]}/deeper/{number}.jpg", number)
    write(tmp_path / "11.jpg", 11)
    (tmp_path / "README.txt").write_text("Pictures of nothing.")
    images, skipped = read(tmp_path, max_skipped=0)
    assert images.class_names == ("a", "b")
    assert skipped == [("11.jpg", "beside the class folders")]
    assert "2 in all; 1 files beside the class folders are left out; hidden" in caplog.text
    assert "files that are ignored: 1" in caplog.text


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_no_such_folder(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=f"{name} cannot be read.*working directory"):
        read(tmp_path / name)


def test_an_empty_folder_and_one_picture(tmp_path):
    with pytest.raises(UserError, match="holds no file to read; 0 are hidden"):
        read(tmp_path)
    (tmp_path / "1.jpg").write_bytes(scene(1))
    with pytest.raises(UserError, match=r"1 readable picture.* add pictures"):
        read(tmp_path)


def test_names_that_are_no_text_can_be_printed(tmp_path):
    for name in (b"cl\xe9", b"other"):
        for number in range(3):
            write(tmp_path / os.fsdecode(name) / f"{number}.jpg", number + 9 * len(name))
    (tmp_path / os.fsdecode(b"cl\xe9/\xff.jpg")).write_bytes(b"none")
    images, skipped = read(tmp_path, max_skipped=0.5)
    assert images.class_names == ("cl\\xe9", "other")
    assert skipped[0].path == "cl\\xe9/\\xff.jpg"


@pytest.fixture
def pets(tmp_path) -> Path:
    """A folder with splits and classes, a mask, a sidecar and a hidden file."""
    root = tmp_path / "pets"
    for number in range(12):
        write(
            root / f"{('train', 'Val')[number % 2]}/{'cat dog'.split()[number // 6]}/{number}.jpg",
            number,
        )
    write(root / "ground_truth/cat/0.jpg", 0)
    (root / "train/cat/0.xmp").write_text("stars")
    write(root / "train/.hidden/1.jpg", 1)
    return root


def test_the_folders_of_splits_are_splits(pets):
    images, skipped = read(pets, max_skipped=0)
    assert images.class_names == ("cat", "dog")
    assert images.validation is None
    assert [*images.train.files] == [
        f"train/{'cat dog'.split()[n // 6]}/{n}.jpg" for n in (0, 2, 4, 10, 6, 8)
    ]
    assert {name.split("/")[0] for name in images.test.files} == {"Val"}
    assert skipped == [("ground_truth/cat/0.jpg", "in ground_truth, which is not read")]
    images, _ = read(pets, split_folders=False)
    assert images.class_names == ("Val", "ground_truth", "train")


def zipped(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder.parent))


def tarred(folder: Path, path: Path) -> None:
    with tarfile.open(path, "w:gz" if path.suffix != ".tar" else "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.add(file, file.relative_to(folder.parent))


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.zip", zipped),
        ("A.ZIP", zipped),
        ("a.tar", tarred),
        ("a.tgz", tarred),
        ("a.tar.gz", tarred),
    ],
)
def test_an_archive_is_read_as_the_folder_in_it(pets, tmp_path, name, pack, caplog):
    caplog.set_level("INFO")
    pack(pets, tmp_path / name)
    images, skipped = read(tmp_path / name, max_skipped=0)
    expected, _ = read(pets)
    for found, part in zip(
        (images.train, images.test), (expected.train, expected.test), strict=True
    ):
        assert [*found.files] == [f"pets/{file}" for file in part.files]
        np.testing.assert_array_equal(found.pixels, part.pixels)
        np.testing.assert_array_equal(found.labels, part.labels)
    assert [path for path, _ in skipped] == ["pets/ground_truth/cat/0.jpg"]
    assert "pets/ is the only folder" in caplog.text
    assert "sidecar files that are ignored: 2" in caplog.text


def test_an_archive_that_is_damaged_stays_where_it_is(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\3\4 nothing")
    with pytest.raises(UserError, match=r"a.zip cannot be read as an archive: .*Unpack it"):
        read(tmp_path / "a.zip")
    assert (tmp_path / "a.zip").exists()


def test_groups_are_a_pattern_of_the_path(tmp_path, caplog):
    caplog.set_level("INFO")
    for number in range(12):
        write(tmp_path / f"{'ab'[number % 2]}/p{number // 4}_{number}.jpg", number)
    write(tmp_path / "a/odd.jpg", 99)
    images, _ = read(tmp_path, group=r"(p\d+)_")
    for split in images.splits.values():
        for name, group in zip(split.files, split.columns["group"], strict=True):
            assert group == ("" if "odd" in name else name[2:4])
    assert "3 groups by the pattern" in caplog.text
    images, _ = read(tmp_path, group="p[0-9]")
    assert {*images.train.columns["group"], *images.test.columns["group"]} == {"p0", "p1", "p2", ""}
    with pytest.raises(UserError, match="group: '\\(' is no regular expression"):
        read(tmp_path, group="(")
    with pytest.raises(UserError, match="is found in none of the paths, such as"):
        read(tmp_path, group="patient")
