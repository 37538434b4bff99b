"""Images that belong together stay together."""

import numpy as np
import pytest

from tests.helpers import sources
from vae.data import groups, preparation
from vae.data.images import Images, Split
from vae.data.streams import Block, Stream
from vae.services.errors import UserError

SETTINGS = {"test_share": 0.25, "max_skipped": 0}


def block(count, splits="", group=None, same=()):
    """Images that all differ, but for pairs that are the same."""
    pixels = np.arange(count * 6, dtype=np.uint8).reshape(count, 2, 3, 1)
    for first, second in same:
        pixels[second] = pixels[first]
    columns = {"group": group} if group else {}
    splits = [splits] * count if isinstance(splits, str) else splits
    files = [f"{number}.png" for number in range(count)]
    return Block(pixels, [""] * count, files, splits, columns)


def collect(block, grouped=True):
    return sources.collect(Stream(iter([block]), (), grouped), SETTINGS, "here")[0]


def sides(images):
    """Of each file the side that it is on."""
    return {file: name for name, split in images.splits.items() for file in split.files}


def group_of(images):
    return {
        file: group
        for split in images.splits.values()
        for file, group in zip(split.files, split.columns["group"].tolist(), strict=True)
    }


def test_images_of_the_same_pixels_are_a_group_called_by_the_first(caplog):
    caplog.set_level("INFO")
    pairs = [(i, i + 1) for i in range(0, 20, 2)]
    images = collect(block(24, same=pairs))
    side, named = sides(images), group_of(images)
    for first, second in pairs:
        assert side[f"{first}.png"] == side[f"{second}.png"]
        assert named[f"{first}.png"] == named[f"{second}.png"] == f"{first}.png"
    assert named["23.png"] == ""
    assert len(images.test) == 6
    assert "20 images have the same pixels as another" in caplog.text


def test_of_a_published_source_nothing_is_grouped():
    images = collect(block(8, same=[(0, 1)]), grouped=False)
    assert images.train.columns == {}


def test_without_groups_there_is_no_column():
    assert collect(block(8)).train.columns == {}
    assert collect(block(8, group=["", None] * 4)).train.columns == {}


def test_groups_that_share_an_image_become_one(caplog):
    images = collect(
        block(8, group=["p", "p", "q", "q", 3.0, float("nan"), 0.5, None], same=[(1, 2)])
    )
    assert group_of(images) == {
        **{f"{i}.png": "p" for i in range(4)},
        **dict(zip(("4.png", "5.png", "6.png", "7.png"), ("3", "", "0.5", ""), strict=True)),
    }
    assert len({sides(images)[f"{i}.png"] for i in range(4)}) == 1
    assert "groups that share an image become one, called p: p, q" in caplog.text


def test_what_has_no_split_follows_its_group():
    splits = ["train", "", "test", "", "validation", "", "", ""]
    images = collect(block(8, splits, group=[*"aabbcc", "", ""]))
    side = sides(images)
    assert (side["1.png"], side["3.png"], side["5.png"]) == ("train", "test", "train")


def test_a_split_that_is_given_is_not_changed_but_said(caplog):
    splits = ["train", "test"] * 4
    images = collect(block(8, splits, group=[*"aabbcdef"]))
    assert sides(images) == {f"{i}.png": split for i, split in enumerate(splits)}
    assert (
        "2 groups are on both sides of the split that the source gives, such as a, b" in caplog.text
    )


def test_groups_that_are_too_large_are_an_error_that_says_the_share():
    with pytest.raises(UserError, match=r"no group is small enough .* Set test_share: 0\.38 in"):
        collect(block(8, group=[*"aaabbbbb"]))


def test_a_single_group_is_split_all_the_same(caplog):
    images = collect(block(8, group=["a"] * 8))
    assert (len(images.train), len(images.test)) == (6, 2)
    assert {*group_of(images).values()} == {"a"}
    assert "all images are one group, a, which is split all the same" in caplog.text
    assert len(preparation._with_validation(images, 2).validation) == 2


def test_validation_images_are_drawn_by_groups(caplog):
    group = np.repeat(["a", "b", "c", "d", ""], 3)
    pixels, labels = np.zeros((15, 1, 1, 1), np.uint8), np.zeros(15, int)
    images = Images(
        Split(pixels, labels, columns={"group": group}),
        Split(pixels[:1], labels[:1], columns={"group": group[:1]}),
    )
    found = preparation._with_validation(images, 7)
    assert 6 <= len(found.validation) <= 7
    assert len(found.train) + len(found.validation) == 15
    one, other = ({*part.columns["group"]} - {""} for part in (found.train, found.validation))
    assert not one & other
    assert preparation._with_validation(images, 14) is images
    assert "no images are held out" in caplog.text


def test_hashes_are_of_pixels():
    parts = np.arange(24, dtype=np.uint8).reshape(4, 2, 3, 1)
    first, *others = groups.digests([parts[:2], parts[2:]])
    assert first not in others
    assert first == groups.digests([parts[:1].copy()])[0]
