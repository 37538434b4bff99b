"""Arrays of one's own: names, layouts, types and labels, and what is wrong with them."""

import logging

import numpy as np
import pytest

from tests.helpers import sources
from vae.data.sources import arrays
from vae.services.errors import UserError


def noise(*shape, dtype=np.uint8, high=256):
    return np.random.default_rng(0).integers(0, high, shape).astype(dtype)


def read(tmp_path, settings=(), save=np.savez_compressed, **members):
    save(tmp_path / "a.npz", **members)
    return sources.read(arrays, tmp_path / "a.npz", **dict(settings))[0]


def complaint(tmp_path, settings=(), **members):
    with pytest.raises(UserError) as caught:
        read(tmp_path, settings, **members)
    return str(caught.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_layout_of_medmnist(tmp_path, save):
    members = {}
    for name, count in (("train", 7), ("val", 3), ("test", 4)):
        members[f"{name}_images"] = noise(count, 28, 28)
        members[f"{name}_labels"] = np.arange(count)[:, None] % 2
    images = read(tmp_path, save=save, **members)
    assert images.class_names == ("0", "1")
    for split, name in ((images.train, "train"), (images.validation, "val"), (images.test, "test")):
        np.testing.assert_array_equal(split.pixels[..., 0], members[f"{name}_images"])
        np.testing.assert_array_equal(split.labels, members[f"{name}_labels"][:, 0])
        assert split.files[1] == f"{name}_images/1"


def test_the_layout_of_keras_with_class_names(tmp_path):
    members = {"x_train": noise(6, 5, 4, 3), "Y_train": np.array([0, 1, 2, 0, 1, -1])}
    members |= {"x_test": noise(2, 5, 4, 3), "y_test": np.array([2, 0]), "class_names": list("abc")}
    images = read(tmp_path, **members)
    assert (images.shape, images.class_names) == ((5, 4, 3), ("a", "b", "c"))
    assert images.train.labels.tolist() == [0, 1, 2, 0, 1, -1]


def test_the_layout_of_dsprites(tmp_path):
    """Several numbers for each image are columns; metadata is a pickled object."""
    latents = noise(10, 6, dtype=np.int64)
    metadata = np.array({"date": 2017}, dtype=object)
    masks = noise(10, 8, 8, high=2) * 255
    images = read(tmp_path, imgs=masks, latents_classes=latents, metadata=metadata)
    assert images.class_names == ()
    assert list(images.train.columns) == [f"label_{k}" for k in range(1, 7)]
    rows = [int(name.partition("/")[2]) for name in images.test.files]
    assert len(rows) == 2
    assert images.test.columns["label_6"].tolist() == latents[rows, 5].tolist()
    np.testing.assert_array_equal(images.test.pixels[..., 0], masks[rows])


def test_a_npy_file_with_channels_first(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="vae")
    faces = np.random.default_rng(0).random((9, 3, 28, 20))
    np.save(tmp_path / "faces.npy", np.asfortranarray(faces))
    images, _ = sources.read(arrays, tmp_path / "faces.npy")
    assert "faces.npy [9, 3, 28, 20] is read as [N, C, H, W]" in caplog.text
    rows = [int(name.partition("/")[2]) for name in images.train.files]
    expected = np.rint(faces[rows].transpose(0, 2, 3, 1) * 255)
    np.testing.assert_array_equal(images.train.pixels, expected)
    assert {*images.train.files} | {*images.test.files} == {f"faces.npy/{i}" for i in range(9)}


@pytest.mark.parametrize(
    ("values", "intensity", "expected"),
    [
        (np.array([0, 65_535], np.uint16), None, [0, 255]),
        (np.array([257, 514], ">u2"), None, [1, 2]),
        (np.array([False, True]), None, [0, 255]),
        (np.array([0, 0.5], np.float16), None, [0, 128]),
        (np.array([-1000, 400], np.int16), [-1000, 400], [0, 255]),
        (np.array([0, 1], np.uint8), [0, 1], [0, 255]),
        (np.array([-3.5, 8.5]), "percentile", [0, 255]),
    ],
)
def test_types_and_intensity(tmp_path, values, intensity, expected):
    pixels = np.broadcast_to(values[:, None, None], (2, 3, 4))[[0, 1] * 10]
    images = read(tmp_path, {"intensity": intensity}, x_train=pixels, x_test=pixels)
    for split in (images.train, images.test):
        rows = [int(name.partition("/")[2]) for name in split.files]
        assert split.pixels[:, 0, 0, 0].tolist() == [expected[row % 2] for row in rows]
    record = {"intensity": [-3.5, 8.5]} if intensity == "percentile" else {}
    assert images.preparation == record


@pytest.mark.parametrize(
    ("shape", "bands", "expected"),
    [((5, 6, 7, 4), [2], [1]), ((5, 4, 6, 7), [3, 1, 2], [2, 0, 1]), ((5, 6, 7, 4), 4, [3])],
)
def test_bands_are_chosen_along_the_shorter_axis(tmp_path, shape, bands, expected):
    values = noise(*shape)
    images = read(tmp_path, {"bands": bands, "test_share": 0.5}, images=values)
    last = values if shape[3] == 4 else values.transpose(0, 2, 3, 1)
    row = int(images.train.files[0].partition("/")[2])
    np.testing.assert_array_equal(images.train.pixels[0], last[row][..., expected])


def test_names_may_be_given(tmp_path):
    members = {"a": noise(5, 4, 4), "b": noise(5, 3, 3), "kind": np.array(list("xyxyx"))}
    images = read(tmp_path, {"image": "b", "label": "kind"}, **members)
    assert (images.shape, images.class_names) == ((3, 3, 1), ("x", "y"))


def test_an_array_alone_needs_no_name_and_a_training_set_alone_is_split(tmp_path):
    assert read(tmp_path, frey=noise(20, 28, 20)).shape == (28, 20, 1)
    images = read(tmp_path, x_train=noise(10, 3, 3))
    assert (len(images.train), len(images.test)) == (8, 2)


def test_validation_images_stay_that_where_there_are_none_to_test_with(tmp_path):
    images = read(tmp_path, x_train=noise(10, 3, 3), x_val=255 - noise(4, 3, 3))
    assert [len(split) for split in images.splits.values()] == [8, 2, 4]


def test_labels_that_are_no_whole_numbers_are_a_column(tmp_path):
    images = read(tmp_path, images=noise(4, 3, 3), labels=np.array([0.5, 1, 2, 3]))
    assert images.class_names == ()
    assert set(images.train.columns) == {"label_1"}


IMAGES = noise(5, 3, 3)


@pytest.mark.parametrize(
    ("members", "settings", "words"),
    [
        ({"images": noise(5, 9)}, {}, "is not an array of images, which is [N, H, W]"),
        ({"a": IMAGES, "b": IMAGES}, {}, "has no array called images or x"),
        ({"a": IMAGES}, {"image": "b"}, "It has: a: uint8 [5, 3, 3]"),
        ({"images": IMAGES}, {"label": "kind"}, "lacks the labels 'kind'"),
        ({"images": noise(5, 6, 7, 4)}, {}, "neither 1 nor 3 channels. Choose some with bands"),
        ({"images": noise(5, 6, 7, 3)}, {"bands": [4]}, "has 3 bands, and bands"),
        ({"images": IMAGES, "labels": np.arange(4)}, {}, "Each image needs one label"),
        ({"images": IMAGES, "labels": noise(5, 2, 2)}, {}, "is not an array of labels"),
        (
            {"images": IMAGES, "labels": np.arange(5), "class_names": ["a"]},
            {},
            "has a label 4, and there are 1 class names",
        ),
        ({"images": IMAGES, "class_names": ["a", "a"]}, {}, "a name is empty or there twice"),
        ({"images": np.full((5, 3, 3), np.nan)}, {}, "contains NaN, infinity or"),
        ({"images": IMAGES - 9.0}, {}, "Set intensity in config/config.yaml"),
        ({"images": IMAGES.astype(np.int32)}, {}, "reach from 0 to 2"),
        ({"images": np.zeros((5, 3, 3))}, {"intensity": "percentile"}, "cannot tell black from"),
        ({"images": np.zeros((5, 0, 3))}, {}, "are 0x3 pixels"),
        ({"x_train": IMAGES, "x_test": noise(5, 4, 3)}, {}, "have to be of one shape"),
        ({"images": np.zeros((0, 3, 3))}, {}, "holds 0 readable pictures"),
        ({"images": np.zeros((5, 3, 3), "M8[s]")}, {}, "is not an array of images"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, members, settings, words):
    assert words in complaint(tmp_path, settings, **members)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no arrays", "cannot be read as a .npz or .npy file"),
        (b"", "cannot be read as a .npz or .npy file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5 file: convert it .* h5py"),
    ],
)
def test_other_files_are_not_arrays(tmp_path, content, words):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UserError, match=words):
        sources.read(arrays, tmp_path / "a.npy")
