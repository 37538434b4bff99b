import json

import keras
import numpy as np
import pytest

from vae.data import images
from vae.data.images import Images, Split
from vae.latent.onnx import Classifier
from vae.services.errors import UserError
from vae.training import classifier, classifier_run, engine, export


def bars(n, shape, seed):
    """Bright columns, left or right, on noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    pixels = rng.integers(0, 100, (n, *shape), np.uint8)
    pixels[np.arange(n), :, labels * (shape[1] - 1)] = 255
    return Split(pixels, labels)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classifier")
    data = Images(bars(300, (8, 9, 3), 0), bars(50, (8, 9, 3), 1), ("left", "right"))
    images.save(data, folder / "images.npz")
    files = [folder / name for name in ("classifier.onnx", "classifier.json")]
    with pytest.MonkeyPatch.context() as patch:
        # Of a process whose TensorFlow earlier tests have used, threads can no longer be set.
        patch.setattr(engine, "use_threads", lambda threads: None)
        classifier_run.train(folder / "images.npz", "bars", 2, *files)
    return data, folder


def test_it_tells_the_classes_of_test_images_apart(written):
    data, folder = written
    features, logits = Classifier(folder / "classifier.onnx")(data.test.pixels)
    assert features.shape == (50, classifier.FROZEN["features"])
    assert logits.shape == (50, 2)
    accuracy = (logits.argmax(axis=1) == data.test.labels).mean()
    assert accuracy > 0.9
    record = json.loads((folder / "classifier.json").read_text())
    assert record["test_accuracy"] == {
        "value": pytest.approx(accuracy),
        "unit": "share of images",
        "images": 50,
    }
    assert record["protocol"] == classifier.FROZEN
    assert record["epochs"] == 40


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (5, 40, 3)])
def test_onnx_agrees_with_keras_at_any_size(tmp_path, shape):
    network = classifier.build(shape, 4)
    export.write_onnx(network, tmp_path / "classifier.onnx")
    pixels = bars(7, shape, 0).pixels
    read = Classifier(tmp_path / "classifier.onnx")
    assert (read.image_shape, read.classes) == (shape, 4)
    expected = network(pixels / np.float32(255), training=False)
    for name, result in zip(("features", "logits"), read(pixels), strict=True):
        np.testing.assert_allclose(result, expected[name], atol=1e-4)


def test_the_same_images_give_the_same_network(monkeypatch):
    monkeypatch.setitem(classifier.FROZEN, "most_epochs", 2)
    data = Images(bars(200, (4, 4, 1), 0), bars(9, (4, 4, 1), 1), ("left", "right"))
    first, second = (classifier.fit(data)[0] for _ in range(2))
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))


@pytest.mark.parametrize(
    ("count", "epochs"), [(1, 40), (1437, 40), (50_000, 4), (60_000, 3), (10**6, 1)]
)
def test_so_many_images_are_seen_each_at_most_forty_times(count, epochs):
    assert classifier.epochs_for(count) == epochs


def test_without_classes_there_is_nothing_to_learn():
    split = Split(np.zeros((5, 4, 4, 1), np.uint8), np.full(5, -1))
    with pytest.raises(UserError, match="one subfolder a class"):
        classifier.fit(Images(split, split))
