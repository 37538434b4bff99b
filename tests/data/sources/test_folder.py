"""A folder of pictures: classes, labels, and the files that are left out."""

import os
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


def test_files_beside_the_classes_are_skipped(tmp_path):
    (tmp_path / "class/deeper").mkdir(parents=True)
    for number in range(10):
        (tmp_path / f"class/deeper/{number}.jpg").write_bytes(scene(number))
    (tmp_path / "README.txt").write_text("Pictures of nothing.")
    images, skipped = read(tmp_path, max_skipped=0.1)
    assert images.class_names == ("class",)
    assert skipped == [("README.txt", "beside the folders of the classes")]


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_no_such_folder(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=f"{name} cannot be read.*working directory"):
        read(tmp_path / name)


def test_an_empty_folder_and_one_picture(tmp_path):
    with pytest.raises(UserError, match="holds no file"):
        read(tmp_path)
    (tmp_path / "1.jpg").write_bytes(scene(1))
    with pytest.raises(UserError, match=r"1 readable picture.* add pictures"):
        read(tmp_path)


def test_names_that_are_no_text_can_be_printed(tmp_path):
    (tmp_path / os.fsdecode(b"cl\xe9")).mkdir()
    for number in range(3):
        (tmp_path / os.fsdecode(b"cl\xe9") / f"{number}.jpg").write_bytes(scene(number))
    (tmp_path / os.fsdecode(b"cl\xe9/\xff.jpg")).write_bytes(b"none")
    images, skipped = read(tmp_path, max_skipped=0.5)
    assert images.class_names == ("cl\\xe9",)
    assert skipped[0].path == "cl\\xe9/\\xff.jpg"
