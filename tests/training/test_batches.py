import keras
import numpy as np
import pytest

from vae.data import binarization
from vae.data.images import Split
from vae.training.batches import Batches, Feed

PIXELS = np.arange(7 * 2 * 2, dtype=np.uint8).reshape(7, 2, 2, 1)
SPLIT = Split(PIXELS, np.array([0, 1, 2, 0, 1, 2, 0]))
ORDER = np.array([3, 0, 6, 2, 5, 1, 4])


@pytest.mark.parametrize("size", [1, 3, 7, 10])
def test_batches_are_consecutive_and_the_last_is_what_is_left(size):
    data = Feed().arguments(Batches(SPLIT, size))["x"]
    shown = [images.numpy() for (images,) in data]
    assert [len(images) for images in shown[:-1]] == [size] * ((7 - 1) // size)
    assert np.concatenate(shown).tobytes() == PIXELS.tobytes()
    assert data.cardinality() == len(shown) == len(Batches(SPLIT, size))


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_classes_and_labels_go_with_their_images_in_any_order(monkeypatch, backend):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    data = Feed().arguments(Batches(SPLIT, 4, ORDER, classes=3, labelled=True))
    if backend == "jax":
        (pixels, one_hot), labels = data["x"], data["y"]
        assert data["batch_size"] == 4
    else:
        ((pixels, one_hot), labels), *_ = data["x"]
    n = len(pixels)
    np.testing.assert_array_equal(pixels, PIXELS[ORDER[:n]])
    np.testing.assert_array_equal(np.argmax(one_hot, axis=1), SPLIT.labels[ORDER[:n]])
    np.testing.assert_array_equal(labels, SPLIT.labels[ORDER[:n]])
    assert n == (7 if backend == "jax" else 4)


def test_other_backends_take_arrays(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    data = Feed().arguments(Batches(SPLIT, 4))
    assert set(data) == {"x", "batch_size"}
    np.testing.assert_array_equal(data["x"], PIXELS)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_numbers_drawn_for_batches_are_those_for_all_images_every_time(size):
    gray = Split(np.full((7, 3, 1, 1), 128, np.uint8), np.zeros(7, int))
    data = Batches(gray, size, binary=binarization.fixed_generator("test"))
    expected = binarization.draw(gray.pixels, np.random.default_rng([0, 1]))
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate([x for (x,) in data]), expected)


def test_mirrored_images_leave_the_originals_as_they_are():
    pixels = PIXELS.copy()
    pixels.flags.writeable = False
    mirrored = np.arange(7) % 2 == 0
    data = Batches(Split(pixels, SPLIT.labels), 3, ORDER, mirrored)
    (first,), *_ = data
    np.testing.assert_array_equal(first[1], PIXELS[ORDER[1]])
    np.testing.assert_array_equal(first[0], PIXELS[ORDER[0], :, ::-1])


def test_one_feed_serves_many_passes():
    feed = Feed()
    for order in (ORDER, ORDER[::-1]):
        data = feed.arguments(Batches(SPLIT, 2, order))["x"]
        shown = [images.numpy() for (images,) in data]
        assert [len(images) for images in shown] == [2, 2, 2, 1]
        np.testing.assert_array_equal(np.concatenate(shown), PIXELS[order])


def test_steps_are_not_left_to_one_thread():
    assert not Feed().arguments(Batches(SPLIT, 4))["x"].options().autotune.enabled
