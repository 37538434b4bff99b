"""EMNIST's archive: its subsets, and what can be wrong with it."""

import gzip
import zipfile

import numpy as np
import pytest

from tests.helpers import sources
from tests.helpers.layouts import emnist, letters
from vae.data.sources import emnist as source
from vae.data.sources import idx
from vae.services.errors import UserError


def read(folder, **options):
    return sources.read(source, folder / "gzip.zip", **options)[0]


def test_letters_count_from_1_to_26(tmp_path):
    emnist(tmp_path)
    images = read(tmp_path, subset="letters")
    assert images.class_names == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert images.train.labels.tolist() == [*range(26)]
    np.testing.assert_array_equal(images.test.pixels, letters(26))
    assert images.test.files[0] == "emnist-letters-test-images-idx3-ubyte/0"


def test_the_number_of_classes_of_each_subset():
    counts = {subset: len(names) for subset, names in source.CLASSES.items()}
    assert counts == {"balanced": 47, "letters": 26, "digits": 10, "bymerge": 47, "byclass": 62}
    assert [*counts] == source.SETTINGS["subset"]["choices"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (idx.build(np.zeros(2, np.uint8)), "it has a label 0, and there are 1 to 26"),
        (idx.build(np.full(2, 27, np.uint8)), "it has a label 27, and there are 1 to 26"),
        (idx.build(np.ones(3, np.uint8)), r"there are 2 images, and labels of \[3\]"),
        (idx.build(np.ones((2, 1), np.uint8)), "begins with 0x00000802 instead of 0x00000801"),
        (b"<html>", "begins with 0x3c68746d"),
    ],
)
def test_other_labels_are_refused(tmp_path, labels, reason):
    with zipfile.ZipFile(tmp_path / "gzip.zip", "w") as archive:
        images = gzip.compress(idx.build(letters(2)[..., 0]))
        archive.writestr("gzip/emnist-letters-train-images-idx3-ubyte.gz", images)
        archive.writestr("gzip/emnist-letters-train-labels-idx1-ubyte.gz", gzip.compress(labels))
    with pytest.raises(UserError, match=rf"gzip\.zip is damaged.*{reason}"):
        read(tmp_path, subset="letters")


def test_images_of_another_size_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "gzip.zip", "w") as archive:
        images = gzip.compress(idx.build(letters(2, 32)[..., 0]))
        archive.writestr("gzip/emnist-letters-train-images-idx3-ubyte.gz", images)
    with pytest.raises(UserError, match=r"images of \[32, 32\], not 28x28"):
        read(tmp_path, subset="letters")


def test_a_subset_that_is_not_in_the_archive_is_named(tmp_path):
    emnist(tmp_path)
    with pytest.raises(UserError, match="no item named 'gzip/emnist-digits-train-images"):
        read(tmp_path, subset="digits")


def test_a_bomb_ends_early(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "MAX_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "gzip.zip", "w") as archive:
        name = "gzip/emnist-balanced-train-images-idx3-ubyte.gz"
        archive.writestr(name, gzip.compress(bytes(1 << 24)))
    with pytest.raises(UserError, match="more than 1,048,576 bytes"):
        read(tmp_path)
