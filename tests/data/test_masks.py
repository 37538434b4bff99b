"""Masks of defects get the crop of their picture, and lie next to the images in images.npz."""

import numpy as np
import pytest
from PIL import Image

from tests.helpers.pictures import encoded
from vae.data import images, masks
from vae.data.image_files import Look
from vae.data.images import Images, Split
from vae.data.resizing import thumbnail

GRAY = Look("gray")


@pytest.mark.parametrize("crop", ["fit", "stretch", "pad"])
@pytest.mark.parametrize("shape", [(128, 128), (96, 160), (160, 64)])
@pytest.mark.parametrize("size", [16, [16, 32]])
def test_a_mask_lies_where_its_picture_does(crop, shape, size):
    """Compared with the mask as a picture, in which what is left of a pixel at an edge is gray."""
    mask = np.zeros(shape, bool)
    mask[40:72, 24:56] = True
    found = masks.resized(mask, size, crop)
    picture = encoded(Image.fromarray(255 * mask.astype(np.uint8)), "PNG")
    gray = thumbnail(picture, size, crop, GRAY)[..., 0]
    assert found.shape == gray.shape
    assert found.any()
    assert found[gray > 160].all()
    assert not found[gray < 95].any()


def test_what_is_beyond_a_picture_is_no_defect():
    found = masks.resized(np.ones((10, 20), bool), 20, "pad")
    assert found[5:15].all()
    assert not found[:5].any()
    assert not found[15:].any()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test/crack/1.png", ("test/crack/1.png", None)),
        ("test/crack/1.png[16,32]", ("test/crack/1.png", (16, 32))),
        ("test/crack/[1,2].png", ("test/crack/[1,2].png", None)),
        ("1.tif[3]", ("1.tif[3]", None)),
    ],
)
def test_the_name_of_a_tile_has_its_corner(name, expected):
    assert masks.parted(name) == expected


def test_masks_are_a_member_of_their_own_that_images_do_not_see(tmp_path):
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (5, 3, 7, 1), np.uint8), np.zeros(5, int))
    path = tmp_path / "images.npz"
    images.save(Images(split, split), path)
    before = path.read_bytes()
    assert masks.load(path) is None
    few = rng.random((2, 3, 7)) < 0.5
    masks.write([(3, few[0]), (1, few[1])], (5, 3, 7), path)
    found = masks.load(path)
    assert (found.dtype, found.shape) == (bool, (5, 3, 7))
    np.testing.assert_array_equal(found[[3, 1]], few)
    assert not found[[0, 2, 4]].any()
    loaded = images.load(path)
    np.testing.assert_array_equal(loaded.test.pixels, split.pixels)
    assert loaded.test.columns == images.load_split(path, "test").columns == {}
    images.save(loaded, path)
    assert path.read_bytes() == before
