"""Which images of a stream are trained on, where some classes are normal."""

import csv

import numpy as np
import pytest
from PIL import Image

from tests.data.test_preparation import SETTINGS, block
from tests.helpers import sources
from vae.data import anomalies, images, masks, preparation
from vae.data.streams import Stream
from vae.plan.datasets import source_settings
from vae.services.errors import UserError


def collect(*blocks, normal=("good",)):
    stream = anomalies.tested(Stream(iter(blocks)), normal, "here")
    return sources.collect(stream, SETTINGS, "here")


def test_images_that_are_not_normal_are_never_trained_on():
    splits = ["train", "", "validation", "test", "", "train", "validation", "test"]
    labels = ["good"] * 4 + ["crack", "crack", "hole", "hole"]
    ages = [{"columns": {"age": rows}} for rows in ([0, 1, 2, 3], [4, 5, 6, 7])]
    found, skipped = collect(
        block(0, splits[:4], labels=labels[:4], **ages[0]),
        block(4, splits[4:], labels=labels[4:], **ages[1]),
    )
    assert found.class_names == ("crack", "good", "hole")
    assert {*found.train.labels} == {*found.validation.labels} == {1}
    assert {*found.test.files} >= {"3.png", "4.png", "7.png"}
    assert skipped == [(name, anomalies.NOT_NORMAL) for name in ("5.png", "6.png")]
    for split in found.splits.values():
        assert [f"{age}.png" for age in split.columns["age"]] == [*split.files]
        assert [f"{level}.png" for level in split.pixels[:, 0, 0, 0]] == [*split.files]


def test_several_classes_can_be_normal():
    labels = ["cat", "dog", "cow", "cat"]
    splits = ["train", "train", "", "train"]
    found, _ = collect(block(0, splits, labels=labels), normal=["cat", "dog"])
    assert len(found.train) == 3
    assert found.test.labels.tolist() == [1]


def test_normal_classes_and_labels_are_needed():
    with pytest.raises(
        UserError, match=r"no image of here has the class 'god', did you mean good\?"
    ):
        collect(block(0, ["train"] * 2, labels=["good", "bad"]), normal=["god"])
    with pytest.raises(UserError, match="1 of 3 images of here have no class, so nobody knows"):
        collect(block(0, ["train"] * 3, labels=["good", "bad", ""]))


def test_one_normal_image_is_too_few():
    found, _ = collect(block(0, [""] * 3, labels=["good", "bad", "bad"]))
    with pytest.raises(UserError, match=r"here has 1 normal image to train on, .* Add normal"):
        anomalies.check(found, "here")
    many, _ = collect(block(0, ["train", "train", "test"], labels=["good", "good", "bad"]))
    anomalies.check(many, "here")
    np.testing.assert_array_equal(many.test.labels, [0])


@pytest.fixture
def tiles(tmp_path):
    """A folder of normal tiles and cracks, with masks; one of them is of no picture."""
    rng = np.random.default_rng(0)
    names = [*(f"train/good/{i}" for i in range(9)), *(f"test/good/{i}" for i in range(3))]
    names += [*(f"test/crack/{i}" for i in range(2)), "train/crack/9"]
    names += [*(f"ground_truth/crack/{i}_mask" for i in range(3))]
    for name in names:
        pixels = rng.integers(0, 256, (8, 12), np.uint8)
        if "mask" in name:
            pixels = np.zeros((8, 12), np.uint8)
            pixels[:, 10 + int(name[-6]) :] = 255
        path = tmp_path / f"tiles/{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "tiles"


def prepared(folder, **changes):
    """What `prepare` writes: images.npz, and the rows of skipped.csv."""
    settings = source_settings("folder", {"size": [8, 12], "channels": "gray"})
    params = {"format": "folder", "settings": settings, "class_names": []} | changes
    paths = folder.parent / "images.npz", folder.parent / "skipped.csv"
    preparation.prepare([], params, {"folder": str(folder)}, 1, *paths)
    with open(paths[1], encoding="utf-8", newline="") as file:
        return paths[0], [*csv.DictReader(file)]


def test_a_folder_of_defects_becomes_images_and_masks(tiles):
    path, skipped = prepared(tiles, normal=["good"], validation=2)
    data = images.load(path)
    assert [len(split) for split in data.splits.values()] == [7, 5, 2]
    assert data.preparation["normal"] == ["good"]
    left_out = {"train/crack/9.png", "ground_truth/crack/2_mask.png"}
    assert {row["path"] for row in skipped} == left_out
    found = masks.load(path)
    for file, mask in zip(data.test.files, found, strict=True):
        expected = np.zeros((8, 12), bool)
        if "crack" in file:
            expected[:, 10 + int(file[-5]) :] = True
        np.testing.assert_array_equal(mask, expected)


def test_without_normal_classes_a_folder_is_what_it_was(tiles):
    path, skipped = prepared(tiles)
    assert masks.load(path) is None
    data = images.load(path)
    assert "normal" not in data.preparation
    assert [len(split) for split in data.splits.values()] == [10, 5]
    assert {row["reason"] for row in skipped} == {"in ground_truth, which is not read"}


def test_a_missing_mask_stops_the_preparation(tiles):
    (tiles / "ground_truth/crack/1_mask.png").unlink()
    with pytest.raises(UserError, match=r"1 of 2 test images of defects have no mask"):
        prepared(tiles, normal=["good"])
    assert not (tiles.parent / "images.npz").exists()
