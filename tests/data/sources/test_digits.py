"""The digits that need no download."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.helpers.sources import checksum, read
from vae.data.sources import digits
from vae.services.errors import UserError


def test_every_image_is_there_once_with_its_gray_levels():
    images, _ = read(digits)
    found = np.concatenate([images.train.pixels, images.test.pixels]).reshape(-1, 64)
    levels = load_digits().data
    expected = np.array(
        [[round(level * 255 / 16) for level in image] for image in levels], np.uint8
    )
    assert sorted(map(bytes, found)) == sorted(map(bytes, expected))
    assert set(np.unique(found)) == {round(level * 255 / 16) for level in range(17)}


def test_labels_stay_with_their_images():
    images, _ = read(digits)
    known = {
        np.rint(image * 255 / 16).astype(np.uint8).tobytes(): label
        for image, label in zip(*load_digits(return_X_y=True), strict=True)
    }
    for split in (images.train, images.test):
        assert [known[pixels.tobytes()] for pixels in split.pixels] == split.labels.tolist()


def test_a_fifth_is_the_test_set_and_every_class_in_proportion():
    images, _ = read(digits)
    assert images.shape == (8, 8, 1)
    assert (len(images.train), len(images.test)) == (1437, 360)
    shares = np.bincount(images.test.labels) / np.bincount(images.train.labels)
    assert np.all(np.abs(shares - 0.25) < 0.01)
    assert images.class_names == tuple("0123456789")


def test_split_is_the_same_every_time():
    """And everywhere, so that figures can be compared."""
    images, _ = read(digits)
    assert images.test.labels[:10].tolist() == [7, 6, 3, 7, 7, 3, 2, 8, 9, 3]
    assert checksum(images) == "3616d13d9b8a0a7a"


def test_other_class_names_can_be_given():
    names = [f"digit {number}" for number in range(10)]
    assert read(digits, class_names=names)[0].class_names == tuple(names)
    with pytest.raises(UserError, match="ten digits, and 2 names"):
        read(digits, class_names=["zero", "one"])


def test_each_image_is_named_by_its_index():
    images, _ = read(digits)
    every = load_digits().images
    for split in (images.train, images.test):
        indices = [int(name.removeprefix("digits/")) for name in split.files]
        levels = np.rint(every[indices] * 255 / 16).astype(np.uint8)
        np.testing.assert_array_equal(split.pixels[..., 0], levels)
