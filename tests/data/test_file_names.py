"""Names of files: what is put in comes out, whole or in part."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae.data.file_names import FileNames

texts = st.lists(st.text(st.characters(codec="utf-8")), max_size=9)


@given(texts, st.data())
def test_names_survive_packing_and_indexing(names, data):
    packed = FileNames.from_arrays(FileNames.of(names).arrays("train_"), "train_")
    assert [*packed] == names
    assert len(packed) == len(names)
    assert [packed[i] for i in range(-len(names), len(names))] == names * 2
    rows = data.draw(st.lists(st.integers(0, len(names) - 1)) if names else st.just([]))
    assert [*packed[np.array(rows, int)]] == [names[row] for row in rows]
    assert [*packed[1:-1]] == names[1:-1]
    assert [*packed[np.array([len(name) > 2 for name in names], bool)]] == [
        name for name in names if len(name) > 2
    ]


def test_an_index_that_is_not_there():
    with pytest.raises(IndexError):
        FileNames.of(["a"])[1]


def test_no_names_are_empty_ones():
    assert [*FileNames.none(2)] == ["", ""]


@pytest.mark.parametrize("offsets", [[], [0], [1, 3], [0, 2], [0, 4, 3]])
def test_offsets_have_to_fit(offsets):
    with pytest.raises(ValueError, match="their offsets do not fit"):
        FileNames(np.frombuffer(b"abc", np.uint8), np.array(offsets, np.int64))


def test_offsets_are_integers():
    with pytest.raises(ValueError, match="expected uint8"):
        FileNames(np.frombuffer(b"abc", np.uint8), np.array([0.0, 3.0]))
