"""A stream of images becomes a training and a test set."""

import errno
import json
import sys
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from tests.helpers import sources
from tests.helpers.faults import largest_file
from vae.data import images, preparation
from vae.data.file_names import FileNames
from vae.data.splits import split
from vae.data.streams import Block, Skipped, Stream
from vae.services.errors import UserError

SETTINGS = {"test_share": 0.5, "max_skipped": 0.2}


def block(first, splits, **changes):
    """As many gray images as splits; each has its number for its pixels and in its name."""
    numbers = range(first, first + len(splits))
    pixels = np.repeat(np.array(numbers, np.uint8), 6).reshape(-1, 2, 3, 1)
    names = [f"{number}.png" for number in numbers]
    return Block(pixels, ["a"] * len(splits), names, splits)._replace(**changes)


def collect(*blocks, class_names=None, settings=SETTINGS):
    return sources.collect(Stream(iter(blocks), class_names), settings, "here")


def numbers(part):
    return part.pixels[:, 0, 0, 0].tolist()


def test_what_has_a_split_keeps_it_and_the_rest_is_split_by_its_names():
    found, skipped = collect(
        block(0, ["test", "", "train", ""]), block(4, ["", "train", "test", ""])
    )
    train, test = split([f"{number}.png" for number in (1, 3, 4, 7)], [0] * 4, 0.5)
    assert numbers(found.train) == [2, 5, *np.array([1, 3, 4, 7])[train]]
    assert numbers(found.test) == [0, 6, *np.array([1, 3, 4, 7])[test]]
    for part in (found.train, found.test):
        assert [*part.files] == [f"{number}.png" for number in numbers(part)]
    assert skipped == []


def test_classes_are_numbered_as_the_stream_says_or_by_name():
    labels = {"labels": ["b", "", "a", "b"]}
    splits = ["train", "train", "test", "test"]
    found, _ = collect(block(0, splits, **labels))
    assert found.class_names == ("a", "b")
    assert [*found.train.labels, *found.test.labels] == [1, -1, 0, 1]
    found, _ = collect(block(0, splits, **labels), class_names=("b", "c", "a"))
    assert found.class_names == ("b", "c", "a")
    assert [*found.train.labels, *found.test.labels] == [0, -1, 2, 0]
    with pytest.raises(UserError, match="here has images of the class 'b', which class_names"):
        collect(block(0, splits, **labels), class_names=("a",))


def test_columns_stay_with_their_images():
    rows = {"columns": {"patient": ["x", "yy", "x"], "age": [0.5, 1.5, 2.5]}}
    found, _ = collect(block(0, ["test", "train", "train"], **rows))
    assert found.train.columns["patient"].tolist() == ["yy", "x"]
    assert found.test.columns["age"].tolist() == [0.5]


def test_images_to_train_on_and_to_test_with_are_needed():
    with pytest.raises(UserError, match=r"here holds 1 readable pictures, of which 1 .* add"):
        collect(block(0, [""]))
    with pytest.raises(UserError, match=r"which 2 would be to train on and 0 to test with"):
        collect(block(0, ["train", "train"]))


def test_files_left_out_on_purpose_are_not_counted():
    left_out = {"left_out": [Skipped(f"{n}.png", "beside") for n in range(9)]}
    _, skipped = collect(block(0, [""] * 4, **left_out))
    assert skipped == left_out["left_out"]


def test_files_left_out_are_counted():
    broken = {"skipped": [Skipped("x.png", "broken")]}
    found, skipped = collect(block(0, [""] * 4, **broken))
    assert (len(found.train), len(found.test)) == (2, 2)
    assert skipped == [("x.png", "broken")]
    with pytest.raises(UserError, match=r"1 of 4 files in here .* 20%.*\n  x.png: broken"):
        collect(block(0, [""] * 3, **broken))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pixels": np.zeros((2, 2, 2, 1), np.uint8)}, "a block of uint8"),
        ({"pixels": np.zeros((2, 2, 3, 1))}, "a block of float64"),
        ({"splits": ["train", "valid"]}, "splits: {'valid'}"),
        ({"files": ["a", "b", "c"]}, "a block of 2 images with rows for"),
        ({"columns": {"age": [1]}}, "a block of 2 images with rows for"),
    ],
)
def test_blocks_that_do_not_fit_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        collect(block(0, ["train", "test"]), block(2, ["train", "test"])._replace(**changes))


def test_images_npz_says_how_its_images_were_made(tmp_path):
    params = {"format": "digits", "settings": {}, "class_names": [], "validation": 7}
    for name in ("first", "second"):
        outputs = tmp_path / f"{name}.npz", tmp_path / f"{name}.csv"
        preparation.prepare([], params, "digits", 1, *outputs)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    loaded = images.load(tmp_path / "first.npz")
    assert loaded.preparation == {
        "format": "digits",
        "channels": 1,
        "shape": [8, 8, 1],
        "validation": 7,
    }
    assert (len(loaded.train), len(loaded.validation)) == (1430, 7)


def test_validation_images_of_a_source_are_kept():
    found, _ = collect(block(0, ["train", "validation", "test", "validation"]))
    assert numbers(found.validation) == [1, 3]
    assert [*found.validation.files] == ["1.png", "3.png"]


def test_numbers_that_name_classes_are_sorted_as_such():
    names = ["10", "b", "2", "a"]
    found, _ = collect(block(0, ["train", "train", "test", "test"], labels=names))
    assert found.class_names == ("2", "10", "a", "b")


def test_classes_are_in_natural_order():
    names = ["day 10", "day 2", "Day 3", "day 02", "x²", "x10y2", "x10y10", "9" * 5000, "٣", "3"]
    found, _ = collect(block(0, ["train"] * 9 + ["test"], labels=names))
    assert found.class_names == (
        *("3", "9" * 5000, "Day 3", "day 02", "day 2", "day 10"),
        *("x10y2", "x10y10", "x²", "٣"),
    )


def test_what_is_missing_in_columns_is_nan_or_an_empty_text():
    columns = {"age": [None, 2], "name": ["x", None], "id": [2**70, 1], "mixed": [1, "a"]}
    found, _ = collect(
        block(0, ["train", "train"], columns=columns), block(2, ["test"] * 2, columns=columns)
    )
    np.testing.assert_array_equal(found.train.columns["age"], [np.nan, 2])
    assert found.train.columns["name"].tolist() == ["x", ""]
    assert found.train.columns["id"].tolist() == [str(2**70), "1"]
    assert found.test.columns["mixed"].tolist() == ["1", "a"]


@pytest.fixture
def source(monkeypatch):
    """A format "blocks": its attribute `blocks` makes the blocks that it reads."""
    module = SimpleNamespace(read=lambda raw: _stream(module, raw))
    monkeypatch.setitem(sys.modules, "vae.data.sources.blocks", module)
    return module


def _stream(module, raw):
    """Its blocks; as floats, 16 times as large, if their percentiles are asked for."""
    blocks = module.blocks()
    if raw.settings.get("intensity") == "percentile":
        blocks = (b._replace(pixels=16 * b.pixels.astype(np.float32)) for b in blocks)
    return Stream(iter(blocks))


def prepare(folder, **changes):
    """Prepare the source "blocks"; returns the path of images.npz."""
    params = {"format": "blocks", "settings": SETTINGS, "class_names": []} | changes
    preparation.prepare([], params, "blocks", 1, folder / "images.npz", folder / "skipped.csv")
    return folder / "images.npz"


def random_blocks(sizes, side=5):
    """Colour images, some of them without a split, of sizes that are not square."""
    rng = np.random.default_rng(0)
    for size in sizes:
        names = [f"{rng.integers(2)}/é{rng.integers(10**9)}.png" for _ in range(size)]
        pixels = rng.integers(0, 256, (3, size, side, side + 1), np.uint8).transpose(1, 2, 3, 0)
        yield Block(
            pixels,
            [name[0] for name in names],
            names,
            rng.choice(["train", "test", ""], size).tolist(),
            {"weight": rng.random(size).tolist(), "note": [name[:3] for name in names]},
        )


def test_the_file_is_what_np_savez_makes_of_arrays_in_memory(source, tmp_path, monkeypatch):
    blocks = [*random_blocks([0, 1, 7, 64, 0, 3, 30])]
    source.blocks = lambda: blocks
    monkeypatch.setattr("vae.data.rows._PIECE", 1000)  # eleven images
    path = prepare(tmp_path, validation=9)

    def joined(key):
        return [value for block in blocks for value in key(block)]

    files, kinds = joined(lambda block: block.files), joined(lambda block: block.splits)
    labels = np.array([int(label) for label in joined(lambda block: block.labels)])
    rest = [row for row, kind in enumerate(kinds) if kind == ""]
    parts = split([files[row] for row in rest], labels[rest], 0.5)
    train, test = (
        np.array([*np.flatnonzero(np.array(kinds) == kind), *np.array(rest)[part]])
        for kind, part in zip(("train", "test"), parts, strict=True)
    )
    shuffled = np.random.default_rng(0).permutation(len(train))
    rows = {
        "train": train[np.sort(shuffled[9:])],
        "test": test,
        "validation": train[np.sort(shuffled[:9])],
    }
    record = {"format": "blocks", **SETTINGS, "channels": 3, "shape": [5, 6, 3], "validation": 9}
    arrays = {"class_names": np.array(["0", "1"]), "preparation": np.array(json.dumps(record))}
    for name, part in rows.items():
        arrays[f"{name}_pixels"] = np.concatenate([block.pixels for block in blocks])[part]
        arrays[f"{name}_labels"] = labels[part]
        names = FileNames.of(files[row] for row in part)
        arrays |= {f"{name}_files": names.block, f"{name}_file_offsets": names.offsets}
        for column in ("weight", "note"):
            values = np.array(joined(lambda block, key=column: block.columns[key]))
            arrays[f"{name}_column_{column}"] = values[part]
    np.savez(tmp_path / "expected.npz", **arrays)
    assert path.read_bytes() == (tmp_path / "expected.npz").read_bytes()
    assert {file.name for file in tmp_path.iterdir()} == {
        *("images.npz", "skipped.csv", "expected.npz"),
    }


def test_memory_holds_a_part_of_the_pixels(source, tmp_path):
    source.blocks = lambda: random_blocks([100] * 40, side=50)  # 31 MB
    tracemalloc.start()
    try:
        path = prepare(tmp_path, validation=100)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 30_000_000


def test_nothing_is_left_where_the_disk_has_no_room_for_the_pixels(source, tmp_path):
    source.blocks = lambda: random_blocks([30] * 40, side=20)  # 1.5 MB
    with pytest.raises(OSError, match=r"images\.npz") as caught, largest_file(100_000):
        prepare(tmp_path)
    assert caught.value.errno == errno.EFBIG
    assert [*tmp_path.iterdir()] == []


def ramp(hot=()):
    """100 images of 0 to 15, of 10 x 10 pixels: 12 bits in 16; with some pixels at the largest."""
    pixels = np.arange(10_000, dtype=np.uint8).reshape(100, 10, 10, 1) % 16
    pixels[list(hot), 0, 0] = 255
    names = [f"{i}.png" for i in range(100)]
    return [Block(pixels, [""] * 100, names, ["train"] * 60 + ["test"] * 40)]


@pytest.mark.parametrize("hot", [(), (3,)])
def test_images_that_would_be_dark_stop_with_the_values_to_put(source, tmp_path, hot):
    source.blocks = lambda: ramp(hot)
    with pytest.raises(UserError) as caught:
        prepare(tmp_path, settings=SETTINGS | {"intensity": None})
    text = str(caught.value)
    assert "99.9% of the pixels of blocks lie below a quarter" in text
    remedies = [line.split("   (")[0].strip() for line in text.splitlines()[1:]]
    assert remedies == ["intensity: percentile", "intensity: [0, 240]", "intensity: type"]
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("intensity", ["type", [0, 9]])
def test_images_may_be_dark_if_the_config_insists(source, tmp_path, intensity):
    source.blocks = ramp
    data = images.load(prepare(tmp_path, settings=SETTINGS | {"intensity": intensity}))
    assert data.test.pixels.max() == 15
    assert data.preparation["intensity"] == intensity


def test_percentiles_are_those_of_the_training_images_and_recorded(source, tmp_path):
    def blocks():
        (block,) = ramp()
        block.pixels[60:] = 200  # images to test with
        yield block

    source.blocks = blocks
    data = images.load(prepare(tmp_path, settings=SETTINGS | {"intensity": "percentile"}))
    assert data.preparation["intensity"] == [0, 240]
    np.testing.assert_array_equal(data.train.pixels, 17 * ramp()[0].pixels[:60])
    assert (data.test.pixels == 255).all()


def test_validation_images_of_a_source_and_of_the_config_are_an_error(source, tmp_path):
    source.blocks = lambda: [block(0, ["train", "train", "validation", "test"])]
    assert len(images.load(prepare(tmp_path)).validation) == 1
    assert images.load(prepare(tmp_path)).preparation["validation"] == 1
    with pytest.raises(UserError, match=r"has 1 validation images of its own\. Remove the key"):
        prepare(tmp_path, validation=1)
