"""Test images that are nearly the same as a training image."""

import numpy as np
import pytest

from tests.helpers import sources
from vae.data import images, near_duplicates, preparation
from vae.data.near_duplicates import find
from vae.data.streams import Block, Stream


def scenes(count, *shape, seed=0):
    """Images of few frequencies, which differ widely."""
    height, width, channels = shape
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 4, 4, channels)).astype(np.float32)
    rows, columns = (np.linspace(0, 2.99, n) for n in (height, width))
    for axis, where in ((1, rows), (2, columns)):
        low, share = (
            where.astype(int),
            (where % 1).reshape([-1 if a == axis else 1 for a in range(4)]),
        )
        coarse = np.take(coarse, low, axis) * (1 - share) + np.take(coarse, low + 1, axis) * share
    return coarse.round().astype(np.uint8)


def noisy(pixels, amount=3):
    noise = np.random.default_rng(9).integers(-amount, amount + 1, pixels.shape)
    return (pixels.astype(int) + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(28, 28, 1), (92, 92, 3), (50, 91, 3), (1, 3, 1), (700, 8, 1)])
def test_copies_are_found_mirrored_or_not(shape):
    train, test = scenes(60, *shape), scenes(20, *shape, seed=1)
    assert shape == (1, 3, 1) or find(train, test) == []
    test[3] = noisy(train[7])
    test[5] = noisy(train[9, :, ::-1])
    found = {pair.test: pair for pair in find(train, test)}
    assert found[3] == (3, 7, False)
    assert found[5] == (5, 9, True)


def test_in_a_set_of_dark_images_near_means_nearer():
    train, test = scenes(60, 28, 28, 1) // 16, scenes(20, 28, 28, 1, seed=1) // 16
    test[3] = train[7]
    assert [pair.test for pair in find(train, test)] == [3]


def test_few_images_or_equal_ones_are_no_trouble():
    train = scenes(3, 8, 8, 1)
    assert find(train[:1], train) == []
    assert find(train, train[:0]) == []
    same = np.zeros((30, 8, 8, 1), np.uint8)
    assert len(find(same, same[:9])) == 9


def patients(group):
    """40 patients of 25 slices each that hardly differ, prepared as images of a folder are."""
    pixels = noisy(np.repeat(scenes(40, 24, 24, 1), 25, axis=0))
    who = [f"p{number // 25:02}" for number in range(1000)]
    files = [f"{name}/{number % 25}.png" for number, name in enumerate(who)]
    columns = {"group": who} if group else {}
    stream = Stream(iter([Block(pixels, [""] * 1000, files, [""] * 1000, columns)]), (), True)
    return sources.collect(stream, {"test_share": 0.2, "max_skipped": 0}, "here")[0]


def test_slices_of_a_patient_on_both_sides_are_warned_of():
    found = patients(group=False)
    (warning,) = near_duplicates.warnings(found.train, found.test).values()
    assert warning["count"] == warning["images"] == 200
    assert warning["mirrored"] == 0
    assert warning["examples"].count("p") == 3 * 4, "three pairs of names such as p01/3.png"


def test_with_groups_no_patient_is_on_both_sides():
    found = patients(group=True)
    train, test = ({*split.columns["group"]} for split in (found.train, found.test))
    assert (len(train), len(test)) == (32, 8)
    assert not train & test
    assert near_duplicates.warnings(found.train, found.test) == {}


def test_preparing_says_so(tmp_path, caplog, monkeypatch):
    """As the digits are prepared, which have no copies: here their test set is one."""
    params = {"format": "digits", "settings": {}, "class_names": []}
    outputs = tmp_path / "images.npz", tmp_path / "skipped.csv"
    preparation.prepare([], params, "digits", 1, *outputs)
    digits = images.load(outputs[0])
    assert "nearly the same" not in caplog.text
    block = Block(digits.test.pixels, [""] * 360, [*digits.test.files], ["train"] * 360)
    blocks = [block, block._replace(splits=["test"] * 360)]
    monkeypatch.setattr("vae.data.sources.digits.read", lambda raw: Stream(iter(blocks)))
    preparation.prepare([], params, "digits", 1, *outputs)
    assert "360 of 360 test images are nearly the same as a training image, 0 of" in caplog.text
    assert "such as digits/" in caplog.text
    assert "docs/your-own-images.md" in caplog.text
