"""What the subfolders of a folder mean: each row of the table in docs/your-own-images.md."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers import ROOT, python
from vae.plan.folders import described
from vae.plan.layouts import MASKS, SPLITS, Place, layout

BESIDE = "beside the class folders"

# The first cell of each row; its files, each with its class, its split or why it is left out.
ROWS = {
    "`1.jpg`, `2.jpg`": {"1.jpg": ("", ""), "2.jpg": ("", "")},
    "`cat/1.jpg`, `dog/2.jpg`, `dog/old/3.jpg`": {
        "cat/1.jpg": ("cat", ""),
        "dog/2.jpg": ("dog", ""),
        "dog/old/3.jpg": ("dog", ""),
    },
    "`pets/cat/1.jpg`, `pets/dog/2.jpg`": {
        "pets/cat/1.jpg": ("cat", ""),
        "pets/dog/2.jpg": ("dog", ""),
    },
    "`cat/1.jpg`": {"cat/1.jpg": ("", "")},
    "`cat/1.jpg`, `dog/2.jpg`, `3.jpg`": {
        "cat/1.jpg": ("cat", ""),
        "dog/2.jpg": ("dog", ""),
        "3.jpg": BESIDE,
    },
    "`cat/1.jpg`, `2.jpg`, `3.jpg`": {
        "cat/1.jpg": ("cat", ""),
        "2.jpg": ("", ""),
        "3.jpg": ("", ""),
    },
    "`train/cat/1.jpg`, `test/cat/2.jpg`, `val/cat/3.jpg`": {
        "train/cat/1.jpg": ("cat", "train"),
        "test/cat/2.jpg": ("cat", "test"),
        "val/cat/3.jpg": ("cat", "validation"),
    },
    "`Training/cat/1.jpg`, `Validation/cat/2.jpg`": {
        "Training/cat/1.jpg": ("cat", "train"),
        "Validation/cat/2.jpg": ("cat", "test"),
    },
    "`x/train/cat/1.jpg`, `x/train/dog/2.jpg`": {
        "x/train/cat/1.jpg": ("cat", ""),
        "x/train/dog/2.jpg": ("dog", ""),
    },
    "`train/1.jpg`, `train/cat/2.jpg`, `test/3.jpg`": {
        "train/1.jpg": ("", "train"),
        "train/cat/2.jpg": ("cat", "train"),
        "test/3.jpg": ("", "test"),
    },
    "`train/good/1.jpg`, `test/bad/2.jpg`, `ground_truth/bad/2.png`": {
        "train/good/1.jpg": ("good", "train"),
        "test/bad/2.jpg": ("bad", "test"),
        "ground_truth/bad/2.png": "in ground_truth, which is not read",
    },
    "`train/1.jpg`, `test/2.jpg`, `3.jpg`": {
        "train/1.jpg": ("", "train"),
        "test/2.jpg": ("", "test"),
        "3.jpg": "beside the folders of the splits",
    },
    "`train/1.jpg`, `test/2.jpg`, `bus/3.jpg`": {
        "train/1.jpg": ("train", ""),
        "test/2.jpg": ("test", ""),
        "bus/3.jpg": ("bus", ""),
    },
    "`val/1.jpg`, `test/2.jpg`": {"val/1.jpg": ("val", ""), "test/2.jpg": ("test", "")},
    "`train/1.jpg`, `test/2.jpg`, with `split_folders: false`": {
        "train/1.jpg": ("train", ""),
        "test/2.jpg": ("test", ""),
    },
    "`cat/old/1.jpg`, `dog/new/2.jpg`, `dog/3.jpg`, with `class_depth: 2`": {
        "cat/old/1.jpg": ("cat/old", ""),
        "dog/new/2.jpg": ("dog/new", ""),
        "dog/3.jpg": BESIDE,
    },
    "`cat/1.jpg`, `dog/2.jpg`, with `class_depth: 0`": {
        "cat/1.jpg": ("", ""),
        "dog/2.jpg": ("", ""),
    },
}


def options(cell):
    """What the config says in a cell."""
    known = {"split_folders: false": {"split_folders": False}}
    known |= {f"class_depth: {n}": {"class_depth": n} for n in (0, 2)}
    return next((value for key, value in known.items() if key in cell), {})


def test_the_table_in_the_docs_has_these_rows():
    text = (ROOT / "docs/your-own-images.md").read_text(encoding="utf-8")
    table = text.partition("| files | what they are |\n| --- | --- |\n")[2].partition("\n\n")[0]
    assert [row.split(" | ")[0].removeprefix("| ") for row in table.splitlines()] == [*ROWS]


@pytest.mark.parametrize("cell", ROWS)
def test_each_row(cell):
    found = layout(ROWS[cell], **options(cell))
    assert re.findall(r"`([^`]*\.\w+)`", cell) == [*ROWS[cell]]
    for path, meaning in ROWS[cell].items():
        expected = Place(reason=meaning) if isinstance(meaning, str) else Place(*meaning)
        assert found.place(path) == expected
    labels = {found.place(path).label for path in ROWS[cell]}
    assert found.classes == labels - {""}


def test_a_picture_and_its_mask_have_a_key_in_common():
    paths = ["x/train/good/1.png", "x/test/crack/1.jpg", "x/Ground_Truth/crack/1_mask.png"]
    found = layout(paths)
    assert [found.is_mask(path) for path in paths] == [False, False, True]
    assert found.key(paths[1]) == found.key(paths[2]) == "crack/1"
    assert found.key("x/ground_truth/crack/1.bmp") == "crack/1"
    assert found.key("x/test/crack/1_mask.png") == "crack/1_mask"
    assert not layout(["ground_truth/1.png", "cat/1.png"]).is_mask("ground_truth/1.png")


names = st.sampled_from([*SPLITS, MASKS, "TRAIN", "Val", "cat", "dog", "1", " ", "é", "\udcff"])
paths = st.lists(names | st.text("ab", min_size=1, max_size=2), min_size=1, max_size=5)


@given(st.lists(paths.map("/".join), unique=True, max_size=12), st.integers(0, 3), st.booleans())
def test_any_paths_have_a_place(files, class_depth, split_folders):
    found = layout(files, class_depth, split_folders)
    places = [found.place(path) for path in files]
    assert layout(reversed(files), class_depth, split_folders) == found
    for path, place in zip(files, places, strict=True):
        assert place.split in ("", "train", "test", "validation")
        assert not (place.reason and (place.label or place.split))
        assert place.label in (*found.classes, "")
        assert not place.label or f"/{place.label}/" in f"/{path}"
    given_splits = {place.split for place in places} - {""}
    assert not given_splits or "train" in given_splits
    assert split_folders or not found.splits
    assert len([p for p in places if p.reason.startswith("beside the class")]) <= len(files) / 2
    assert described(found)


def test_the_module_is_light():
    code = "import sys, vae.plan.layouts; print({'numpy', 'PIL', 'pydantic'} & set(sys.modules))"
    assert python("-c", code).stdout == "set()\n"
