"""Masks of defects in a folder `ground_truth`, or in an archive of one."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.pictures import turned
from vae.data.sources import folder
from vae.data.streams import Raw
from vae.plan.datasets import source_settings
from vae.services.errors import UserError


@pytest.fixture
def defects(tmp_path) -> Path:
    """A folder of defects: two pictures with masks, of 12 x 8 pixels, and two normal ones."""
    root = tmp_path / "tiles"
    for number, name in enumerate(("train/good/1", "test/good/1", "test/crack/1", "test/hole/1")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (12, 8), 50 * number).save(root / f"{name}.png")
    for name, left in (("crack/1_mask", 6), ("hole/1", 0)):
        mask = Image.new("L", (12, 8))
        mask.paste(1, (left, 0, left + 6, 4))
        (root / "ground_truth" / name).parent.mkdir(parents=True, exist_ok=True)
        mask.save(root / f"ground_truth/{name}.png")
    return root


def masks_of(path, *names, size=(4, 6), **settings):
    """The masks of images, [N, H, W], and the files of masks."""
    settings = {"size": list(size), "class_depth": 1, "split_folders": True} | settings
    settings = source_settings("folder", settings)
    found, files = folder.masks(Raw([path], settings), names)
    return {row: mask.astype(int).tolist() for row, mask in found}, files


@pytest.mark.parametrize("archive", ["", "zip", "tar"])
def test_masks_lie_next_to_the_splits(defects, archive):
    path = defects
    if archive:
        path = shutil.make_archive(
            str(defects.with_name("packed")), archive, defects.parent, "tiles"
        )
    top = "tiles/" if archive else ""
    found, files = masks_of(path, f"{top}test/hole/1.png", f"{top}test/crack/1.png")
    assert found[0] == [[1, 1, 1, 0, 0, 0]] * 2 + [[0] * 6] * 2
    assert found[1] == [[0, 0, 0, 1, 1, 1]] * 2 + [[0] * 6] * 2
    assert files == {f"{top}ground_truth/{name}.png" for name in ("crack/1_mask", "hole/1")}


def test_tiles_have_their_part_of_a_mask(defects):
    names = [f"test/crack/1.png[{top},{left}]" for top in (0, 4) for left in (0, 4, 8)]
    found, _ = masks_of(defects, *names, size=(2, 2), tiles={"size": 4, "stride": 4})
    empty, full = [[0, 0]] * 2, [[1, 1]] * 2
    assert [found[row] for row in range(6)] == [empty, [[0, 1]] * 2, full, empty, empty, empty]


def test_a_folder_without_masks_has_none(defects):
    shutil.rmtree(defects / "ground_truth")
    assert masks_of(defects, "test/crack/1.png") == ({}, set())


def test_masks_that_are_missing_or_do_not_fit_are_named(defects):
    image = Image.new("L", (12, 8))
    image.save(defects / "test/crack/2.jpg")
    with pytest.raises(
        UserError, match=r"1 of 2 test images .* would be ground_truth/crack/2_mask.png"
    ):
        masks_of(defects, "test/crack/1.png", "test/crack/2.jpg")
    Image.new("L", (8, 12)).save(defects / "ground_truth/crack/2_mask.png")
    with pytest.raises(
        UserError, match=r"crack/2_mask.png has 12 × 8 pixels, .*2.jpg 8 × 12. Save"
    ):
        masks_of(defects, "test/crack/1.png", "test/crack/2.jpg")
    (defects / "ground_truth/crack/2_mask.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"crack/2_mask.png cannot be read as a picture: not a pic"):
        masks_of(defects, "test/crack/1.png", "test/crack/2.jpg")


def test_the_mask_of_a_picture_that_lies_on_its_side_is_upright(defects):
    (defects / "test/crack/3.jpg").write_bytes(turned(6))
    Image.new("L", (20, 40), 255).save(defects / "ground_truth/crack/3_mask.png")
    found, _ = masks_of(defects, "test/crack/3.jpg")
    assert found[0] == [[1] * 6] * 4
