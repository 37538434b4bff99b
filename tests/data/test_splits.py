import hashlib
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae.data.splits import drawn, held_out, split


def names(count: int, folder: str = "cat") -> list[str]:
    return [f"{folder}/{number}.jpg" for number in range(count)]


def test_the_split_is_the_same_on_every_machine():
    train, test = split(names(10), [0] * 10, 0.3)
    assert train.tolist() == [1, 5, 4, 2, 6, 7, 9]
    assert test.tolist() == [3, 8, 0]


@given(st.permutations(range(30)), st.floats(0.05, 0.9))
def test_the_order_of_the_files_does_not_matter(order, share):
    known, labels = names(20, "cat") + names(10, "dog"), [0] * 20 + [1] * 10
    expected = [[known[i] for i in part] for part in split(known, labels, share)]
    shuffled, classes = [known[i] for i in order], [labels[i] for i in order]
    assert [[shuffled[i] for i in part] for part in split(shuffled, classes, share)] == expected


@given(st.lists(st.integers(-1, 4), max_size=60), st.floats(0.01, 0.99))
def test_every_class_keeps_its_share(labels, share):
    train, test = split(names(len(labels)), labels, share)
    assert sorted([*train, *test]) == list(range(len(labels)))
    if all(labels.count(label) == 1 for label in labels):
        return
    labels = np.array(labels, dtype=int)
    for label in set(labels.tolist()):
        count, tested = (labels == label).sum(), (labels[test] == label).sum()
        assert abs(tested - share * count) <= 1
        assert tested < count
        assert tested >= 1 or count == 1


def test_one_image_more_moves_at_most_one_other():
    for count in range(20, 60):
        _, before = split(names(count), [0] * count, 0.2)
        _, after = split(names(count + 1), [0] * (count + 1), 0.2)
        assert len(set(before) ^ set(after)) <= 2


def test_accents_are_the_same_however_they_are_stored():
    composed, apart = "caf\u00e9/1.jpg", "cafe\u0301/1.jpg"
    others = names(9)
    for first in (composed, apart):
        _, test = split([first, *others], [0] * 10, 0.5)
        assert test.tolist() == split([composed, *others], [0] * 10, 0.5)[1].tolist()


@pytest.mark.parametrize(("count", "tested"), [(0, 0), (1, 0), (2, 1), (3, 1)])
def test_few_images(count, tested):
    train, test = split(names(count), [0] * count, 0.2)
    assert (len(train), len(test)) == (count - tested, tested)
    assert train.dtype == test.dtype == np.int64


@pytest.mark.parametrize(
    ("images", "expected"),
    [(2, 0), (16, 4), (40, 8), (120, 12), (1999, 199), (2000, 0), (60_000, 0)],
)
def test_few_images_leave_some_for_validation(images, expected):
    assert held_out(images) == expected


def before_groups(names, labels, share):
    """The split as it was before there were groups, as sets of names: (training, test)."""
    order = sorted(range(len(names)), key=lambda i: hashlib.sha256(names[i].encode()).digest())
    test = set()
    for label in set(labels):
        members = [i for i in order if labels[i] == label]
        size = math.floor(share * len(members) + 0.5)
        test.update(members[: min(max(size, 1), len(members) - 1)])
    return [i for i in order if i not in test], [i for i in order if i in test]


@given(st.lists(st.integers(-1, 4), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_without_groups_the_split_is_what_it_was(labels, share):
    if max(map(labels.count, labels)) == 1:
        return
    for groups in (None, range(len(labels)), names(len(labels))):
        found = split(names(len(labels)), labels, share, groups)
        assert [part.tolist() for part in found] == [
            *before_groups(names(len(labels)), labels, share)
        ]


@given(
    st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 9)), max_size=60), st.floats(0.01, 0.99)
)
def test_a_group_lies_on_one_side(images, share):
    labels, groups = [label for label, _ in images], [group for _, group in images]
    train, test = split(names(len(images)), labels, share, groups)
    assert sorted([*train, *test]) == list(range(len(images)))
    assert not {groups[i] for i in train} & {groups[i] for i in test}
    assert len(train) or not images


def test_one_pair_of_duplicates_moves_hardly_any_other_image():
    for first, second in itertools.combinations(range(0, 60, 3), 2):
        groups = [*range(60)]
        groups[second] = first
        _, before = split(names(60), [0] * 60, 0.2)
        _, after = split(names(60), [0] * 60, 0.2, groups)
        assert len({*before} ^ {*after} - {first, second}) <= 2
        assert len(after) == 12


def test_a_group_that_does_not_fit_stays_in_training():
    groups = ["a"] * 5 + ["b"] * 5 + [*"cdefghijkl"]
    _, test = split(names(20), [0] * 20, 0.2, groups)
    assert len(test) == 4
    assert {groups[i] for i in test} <= {*"cdefghijkl"}
    assert len(split(names(10), [0] * 10, 0.2, groups[:10])[1]) == 0


def test_if_no_class_has_two_groups_the_split_ignores_classes():
    assert len(split(names(10), range(10), 0.2)[1]) == 2
    labels = np.repeat(range(10), 3)
    _, test = split(names(30), labels, 0.2, labels.tolist())
    assert len(test) == 6
    assert len({*labels[test]}) == 2


def test_groups_are_drawn_as_a_whole():
    assert drawn(range(50), 7).tolist() == sorted(np.random.default_rng(0).permutation(50)[:7])
    groups = [number // 4 for number in range(48)]
    found = drawn(groups, 11)
    assert len(found) == 8
    assert len({groups[i] for i in found}) == 2
    assert drawn(["a"] * 9, 8).tolist() == []
