"""CelebA: the middle of each picture, its attributes, and what can be wrong with the files."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.helpers import sources
from tests.helpers.layouts import celeba
from vae.data import pictures
from vae.data.sources import celeba as source
from vae.services.errors import UserError

FILES = ("img_align_celeba.zip", "list_attr_celeba.txt", "list_eval_partition.txt")


def read(folder, *files, size=37, **options):
    paths = (folder / file for file in files or FILES)
    return sources.read(source, *paths, size=size, **options)[0]


def test_the_middle_is_kept_upright_and_in_the_published_splits(tmp_path):
    expected = celeba(tmp_path)
    images = read(tmp_path)
    assert images.splits.keys() == expected.keys()
    assert images.class_names == ()
    for split, (pixels, _) in expected.items():
        found = images.splits[split].pixels.astype(int)
        assert abs(found - pixels).mean() < 5  # of 255: they are JPEG files
    assert images.test.files[0] == "000012.jpg"


def test_the_whole_width_on_request(tmp_path):
    celeba(tmp_path)
    pixels = read(tmp_path, size=178, center=1).train.pixels
    assert pixels[0, 0, 89].tolist() == pytest.approx([0, 0, 255], abs=3)  # the blue margin
    middle = read(tmp_path, size=148).train.pixels
    assert abs(pixels[:, 15:-15, 15:-15].astype(int) - middle).max() <= 1


def test_other_pictures_are_cropped_as_those_of_the_run():
    kept = {"crop": "fit", "size": 37, "channels": None, "center": 0.8315}
    assert pictures.look_of(kept, 3).center == 0.8315
    assert pictures.look_of({"crop": "fit"}, 3).center == 1


def test_attributes_are_columns(tmp_path):
    celeba(tmp_path, attributes=("Smiling", "Young"))
    images = read(tmp_path)
    assert images.validation.columns["Smiling"].tolist() == [0, 1, 0]
    assert images.validation.columns["Young"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("missing", FILES)
def test_a_missing_file_is_named(tmp_path, missing):
    celeba(tmp_path)
    with pytest.raises(UserError, match=f"{missing} is missing"):
        read(tmp_path, *(file for file in FILES if file != missing))


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        (FILES[2], "000002.jpg 0", "000002.jpg 3", "a line is '000002.jpg 3'"),
        (FILES[2], "000002.jpg 0", "000002.jpg", "a line is '000002.jpg'"),
        (FILES[2], "000002.jpg 0", "", "a line is ''"),
        (FILES[2], "000002.jpg 0", "other.jpg 0", r"list_attr.* it has nothing about other\.jpg"),
        (FILES[1], "000002.jpg", "other.jpg", r"it has nothing about 000002\.jpg"),
        (FILES[1], " -1 ", "  2 ", "000001.jpg has not 2 values of -1 or 1"),
        (FILES[1], " -1 ", "    ", "000001.jpg has not 2 values of -1 or 1"),
    ],
)
def test_wrong_lines_are_named(tmp_path, file, old, new, reason):
    celeba(tmp_path)
    text = (tmp_path / file).read_text()
    (tmp_path / file).write_text(text.replace(old, new, 1))
    with pytest.raises(UserError, match=reason):
        read(tmp_path)


def write_pictures(folder, content):
    celeba(folder)
    with zipfile.ZipFile(folder / FILES[0], "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(15):
            if data := content.get(i, content["other"]):
                archive.writestr(f"img_align_celeba/{i + 1:06}.jpg", data)


def test_a_picture_that_is_missing_or_a_bomb_is_named(tmp_path):
    file = io.BytesIO()
    Image.fromarray(np.zeros((218, 178, 3), np.uint8)).save(file, "JPEG")
    write_pictures(tmp_path, {"other": file.getvalue(), 4: b""})
    with pytest.raises(UserError, match=rf"{FILES[0]} is damaged.* it lacks 000005\.jpg"):
        read(tmp_path)
    write_pictures(tmp_path, {"other": file.getvalue(), 4: bytes(1 << 25)})
    with pytest.raises(UserError, match=r"000005\.jpg in it is larger than 16,777,216 bytes"):
        read(tmp_path)
    write_pictures(tmp_path, {"other": file.getvalue(), 4: b"no picture"})
    with pytest.raises(UserError, match=r"1 of 15 files in (?s:.*) 000005\.jpg: not a picture"):
        read(tmp_path, max_skipped=0)
