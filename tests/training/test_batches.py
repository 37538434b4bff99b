import keras
import numpy as np
import pytest

from vae.training import batches

IMAGES = np.arange(7 * 2 * 2, dtype=np.uint8).reshape(7, 2, 2, 1)


@pytest.mark.parametrize("size", [1, 3, 7, 10])
def test_batches_are_consecutive_and_the_last_is_what_is_left(size):
    given = batches.arguments(IMAGES, size)["x"]
    shown = [images.numpy() for (images,) in given]
    assert [len(images) for images in shown[:-1]] == [size] * ((7 - 1) // size)
    assert np.concatenate(shown).tobytes() == IMAGES.tobytes()
    assert given.cardinality() == len(shown)


def test_classes_go_with_their_images():
    classes = np.eye(7, dtype=np.float32)
    (images, labels), *_ = (pair for (pair,) in batches.arguments([IMAGES, classes], 4)["x"])
    np.testing.assert_array_equal(images, IMAGES[:4])
    np.testing.assert_array_equal(labels, classes[:4])


def test_steps_are_not_left_to_one_thread():
    assert not batches.arguments(IMAGES, 4)["x"].options().autotune.enabled


def test_other_backends_take_arrays(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert batches.arguments(IMAGES, 4) == {"x": IMAGES, "batch_size": 4}
