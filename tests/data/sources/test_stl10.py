"""STL-10's archive: the unlabelled part, and what can be wrong with it."""

import numpy as np
import pytest

from tests.helpers import sources
from tests.helpers.layouts import letters, stl10, write_tar
from vae.data.sources import stl10 as source
from vae.services.errors import UserError

FILE = "stl10_binary.tar.gz"
IMAGE = letters(1, 96, 3).transpose(0, 3, 2, 1).tobytes()
CONTENT = {"class_names.txt": b"airplane\nbird\n"}
CONTENT |= {f"{split}_X.bin": 2 * IMAGE for split in ("train", "test")}
CONTENT |= {f"{split}_y.bin": b"\1\2" for split in ("train", "test")}


def read(folder, **options):
    return sources.read(source, folder / FILE, **options)[0]


def test_images_without_labels_are_to_train_on(tmp_path):
    stl10(tmp_path)
    images = read(tmp_path, unlabelled=True)
    assert (len(images.train), len(images.test)) == (16, 11)
    assert images.train.labels.tolist() == [*range(10), 0] + [-1] * 5
    np.testing.assert_array_equal(images.train.pixels[11:], letters(5, 96, 3)[::-1])
    assert images.train.files[15] == "unlabeled_X.bin/4"


def test_images_come_some_at_a_time(tmp_path, monkeypatch):
    expected = stl10(tmp_path)
    monkeypatch.setattr(source, "_ROWS", 4)
    np.testing.assert_array_equal(read(tmp_path).test.pixels, expected["test"][0])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"test_y.bin": b"\1\3"}, "it has a label 3, and there are 1 to 2"),
        ({"test_y.bin": b"\0\1"}, "it has a label 0, and there are 1 to 2"),
        ({"test_y.bin": b"\1"}, r"there are 2 images, and labels of \[1\]"),
        ({"test_y.bin": b"\1\1\1"}, "test_X.bin has 2 images, and there are 3 labels"),
        ({"test_X.bin": 2 * IMAGE[:-1]}, "test_X.bin has no whole images of 27,648 bytes"),
        ({"train_X.bin": None}, "it lacks train_X.bin"),
        ({"class_names.txt": None}, "it lacks class_names.txt"),
        ({"class_names.txt": b"bird\nbird\n"}, "two of its classes have the same name"),
    ],
)
def test_a_wrong_member_is_named(tmp_path, changes, reason):
    content = {name: data for name, data in (CONTENT | changes).items() if data is not None}
    write_tar(tmp_path / FILE, content)
    with pytest.raises(UserError, match=f"{FILE} is damaged.*{reason}"):
        read(tmp_path)


def test_a_bomb_ends_early(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MAX_BYTES", 1 << 20)
    write_tar(tmp_path / FILE, {"other.bin": bytes(1 << 22)} | CONTENT)
    with pytest.raises(UserError, match="unpacks to more than 1,048,576 bytes"):
        read(tmp_path)
