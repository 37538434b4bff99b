"""What simple methods find in codes, held against codes of which it is known."""

import numpy as np
import pytest

from vae.data.images import Split
from vae.evaluation import representation
from vae.evaluation.representation import Labelled, cannot_test, labelled, metrics

METHODS = ("knn_4", "knn_20", "linear_probe", "kmeans_nmi", "kmeans_ari")


def values(found, prefix=""):
    return [found[prefix + name]["value"] for name in METHODS]


def groups(n, apart, seed):
    """Codes of three classes, whose middles are so far apart."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    return Labelled(apart * np.eye(3)[labels] + rng.normal(size=(n, 3)), labels)


def test_classes_that_lie_apart_are_found_by_every_method():
    found = metrics(groups(300, 50, 0), groups(100, 50, 1))
    assert values(found) == pytest.approx([1] * 5)
    assert {found[name]["unit"] for name in METHODS[:3]} == {"share of test images"}
    assert {metric["images"] for metric in found.values()} == {100}
    assert found["knn_4"]["standard_error"] == 0
    assert "standard_error" not in found["kmeans_ari"]


def test_codes_that_say_nothing_of_the_class_are_as_good_as_chance():
    found = metrics(groups(600, 0, 0), groups(600, 0, 1), "pca_")
    assert values(found, "pca_")[:3] == pytest.approx([1 / 3] * 3, abs=0.07)
    assert values(found, "pca_")[3:] == pytest.approx([0, 0], abs=0.02)
    assert found["pca_knn_4"]["standard_error"] == pytest.approx(np.sqrt(2) / 3 / 24.5, rel=0.05)


def test_a_neighbour_counts_by_how_near_it_is():
    far = np.repeat([0, 1], [3, 40])
    codes = np.array([0.0, 9.0, 9.1, *np.linspace(1, 1.1, 40)])[:, None]
    found = metrics(Labelled(codes, far), Labelled(np.array([[0.01]]), np.array([0])))
    assert found["knn_4"]["value"] == found["knn_20"]["value"] == 1


def test_a_linear_probe_sees_dimensions_of_any_scale_and_draws_straight_lines():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 2)) * [1e-4, 1e3]
    by_small, by_ring = (x[:, 0] > 0).astype(int), (np.abs(x[:, 0]) > 0.7e-4).astype(int)
    for labels, expected in ((by_small, 0.97), (by_ring, 0.5)):
        found = metrics(Labelled(x[:400], labels[:400]), Labelled(x[400:], labels[400:]))
        assert found["linear_probe"]["value"] == pytest.approx(expected, abs=0.1)


def test_equal_codes_are_no_trouble():
    same = Labelled(np.zeros((30, 2)), np.arange(30) % 2)
    assert values(metrics(same, same))[3:] == [0, 0]


def test_images_without_a_class_do_not_count_and_the_same_are_drawn_again():
    labels = np.array([-1, 2, -1, 0, 1, 2])
    assert labelled(labels, labels, 9).tolist() == [1, 3, 4, 5]
    some = labelled(labels, labels, 2)
    assert len(some) == 2
    assert (labels[some] >= 0).all()
    assert some.tolist() == labelled(labels, labels, 2).tolist()


def test_nor_do_images_of_a_class_that_was_not_trained_on():
    assert labelled(np.array([0, 3, 1, 3]), np.array([1, 0, -1]), 9).tolist() == [0, 2]


def split(labels, height=2):
    rng = np.random.default_rng(0)
    return Split(rng.integers(0, 256, (len(labels), height, 2, 1), np.uint8), np.array(labels))


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        ([0, 1] * 10, [0], ""),
        ([0, 1] * 9, [0], "20 at least"),
        ([0] * 20, [0], "two classes"),
        ([-1] * 20, [0], "no labels"),
        ([0, 1] * 10, [-1, -1], "no labels"),
        ([0, 1] * 10, [], "no labels"),
    ],
)
def test_it_is_said_why_nothing_can_be_tested(train, test, words):
    reason = cannot_test({"train": split(train), "test": split(np.array(test, int))})
    assert words in reason
    assert bool(reason) == bool(words)


def test_pixels_are_a_code_as_well_unless_they_are_too_many(monkeypatch):
    train, test = split([0, 1] * 30), split([0, 1, -1] * 5)
    pixels = np.array(train.pixels)
    pixels[1::2, 0] = 255
    pixels[::2, 0] = 0
    known = np.array(test.pixels)
    known[:, 0] = 255 * test.labels[:, None, None]
    found = representation.of_pixels(Split(pixels, train.labels), Split(known, test.labels))
    assert found["pixels_knn_4"] == {
        "value": 1.0,
        "unit": "share of test images",
        "images": 10,
        "standard_error": 0.0,
    }
    monkeypatch.setattr(representation, "MOST_VALUES", 3)
    assert representation.of_pixels(train, test) == {}
