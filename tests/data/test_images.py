import numpy as np
import pytest

from vae.data.file_names import FileNames
from vae.data.images import Images, Split, load, save
from vae.services.errors import UserError


def split(n, shape=(4, 5, 3)):
    pixels = np.arange(n * np.prod(shape)).reshape(n, *shape).astype(np.uint8)
    files = FileNames.of(f"é/{i}.png" for i in range(n))
    return Split(pixels, np.arange(n), files, {"weight": np.arange(n) / 2})


def test_what_is_saved_is_loaded(tmp_path):
    record = {"format": "folder", "size": 4, "crop": "fit", "shape": [4, 5, 3]}
    images = Images(split(3), split(2), ("a", "b and «c»"), preparation=record)
    save(images, tmp_path / "images.npz")
    loaded = load(tmp_path / "images.npz")
    assert loaded.shape == (4, 5, 3)
    assert loaded.class_names == images.class_names
    assert loaded.preparation == record
    for old, new in ((images.train, loaded.train), (images.test, loaded.test)):
        assert new.pixels.dtype == np.uint8
        np.testing.assert_array_equal(new.pixels, old.pixels)
        np.testing.assert_array_equal(new.labels, old.labels)
        assert [*new.files] == [*old.files]
        assert new.columns["weight"].tolist() == old.columns["weight"].tolist()


def test_the_same_images_give_the_same_file(tmp_path):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    for path in (first, second):
        save(Images(split(3), split(2)), path)
    assert first.read_bytes() == second.read_bytes()


def test_images_without_file_names_have_empty_ones(tmp_path):
    plain = Split(split(3).pixels, np.arange(3))
    save(Images(plain, plain), tmp_path / "images.npz")
    assert [*load(tmp_path / "images.npz").test.files] == ["", "", ""]


def test_a_file_of_an_older_version_says_what_to_do(tmp_path):
    path = tmp_path / "images.npz"
    arrays = {f"{name}_{kind}": np.zeros(1) for name in ("train", "test") for kind in PLAIN}
    np.savez(path, **arrays, class_names=np.array(["a"]))
    with pytest.raises(UserError, match=r"older version.* Delete it and run the same command"):
        load(path)


PLAIN = ("pixels", "labels")


def test_no_classes_and_no_test_images(tmp_path):
    save(Images(split(1), split(0)), tmp_path / "images.npz")
    loaded = load(tmp_path / "images.npz")
    assert loaded.class_names == ()
    assert len(loaded.test) == 0


@pytest.mark.parametrize("pixels", [np.zeros((2, 4, 4), np.uint8), np.zeros((2, 4, 4, 1), float)])
def test_pixels_are_uint8_in_four_dimensions(pixels):
    with pytest.raises(ValueError, match="pixels"):
        Split(pixels, np.zeros(2, int))


@pytest.mark.parametrize("labels", [np.zeros(3, int), np.zeros(2), np.zeros(2, "datetime64[Y]")])
def test_there_is_a_label_an_image(labels):
    with pytest.raises(ValueError, match="labels"):
        Split(np.zeros((2, 4, 4, 1), np.uint8), labels)


def test_there_is_a_file_name_and_a_value_of_each_column_an_image():
    pixels, labels = np.zeros((2, 4, 4, 1), np.uint8), np.zeros(2, int)
    with pytest.raises(ValueError, match="1 file names for 2 images"):
        Split(pixels, labels, FileNames.of(["a"]))
    for values in (np.zeros(3), np.array([{}, {}])):
        with pytest.raises(ValueError, match="column weight"):
            Split(pixels, labels, columns={"weight": values})


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half an archive", b"no npz at all"])
def test_a_damaged_file_says_what_to_do(tmp_path, content):
    path = tmp_path / "images.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="Delete it and run the same command again"):
        load(path)


def test_no_pickle_is_loaded(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, train_pixels=np.array([object()], dtype=object))
    with pytest.raises(UserError, match="contains neither numbers nor text"):
        load(path)


def test_a_foreign_npz_is_told(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, something=np.zeros(3))
    with pytest.raises(UserError, match="train_pixels"):
        load(path)


def test_validation_images_are_taken_from_the_training_set(tmp_path):
    images = Images(split(10), split(2)).hold_out(3)
    save(images, tmp_path / "images.npz")
    loaded = load(tmp_path / "images.npz")
    assert (len(loaded.train), len(loaded.validation), len(loaded.test)) == (7, 3, 2)
    assert {*loaded.train.labels, *loaded.validation.labels} == set(range(10))
    np.testing.assert_array_equal(loaded.train.pixels, split(10).pixels[loaded.train.labels])
    for part in (loaded.train, loaded.validation):
        assert [*part.files] == [f"é/{label}.png" for label in part.labels]
        assert (part.columns["weight"] == part.labels / 2).all()
    assert loaded.held_out[0] == "validation"
    assert Images(split(10), split(2)).held_out[0] == "test"


def test_some_images_are_left_to_train_on():
    with pytest.raises(UserError, match="9 of 10"):
        Images(split(10), split(2)).hold_out(9)
