import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae.data.splits import held_out, split


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
