import json

import keras
import numpy as np
import pytest

from vae.data import images
from vae.data.images import Images, Split
from vae.latent.onnx import Classifier
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


@pytest.mark.parametrize(("label", "names"), [(-1, ()), (0, ("all",)), (1, ("none", "all"))])
def test_with_fewer_than_two_classes_the_record_says_why_there_is_no_classifier(
    tmp_path, label, names
):
    split = Split(np.zeros((5, 4, 4, 1), np.uint8), np.full(5, label))
    images.save(Images(split, split, names), tmp_path / "images.npz")
    files = [tmp_path / name for name in ("classifier.onnx", "classifier.json")]
    classifier_run.train(tmp_path / "images.npz", "plain", 2, *files)
    assert files[0].read_bytes() == b""
    record = json.loads(files[1].read_text())
    assert record["reason"].startswith("the training images have " + ("no", "one")[label >= 0])
    assert (record["dataset"], record["images"]["train"]) == ("plain", 5)


def test_images_without_a_class_are_neither_learned_nor_counted(monkeypatch):
    monkeypatch.setitem(classifier.FROZEN, "most_epochs", 2)
    shape = (4, 4, 1)
    sets = [bars(40, shape, 0), bars(20, shape, 1)]
    known = Images(*sets, ("left", "right"))
    bare = Split(np.zeros((10, *shape), np.uint8), np.full(10, -1))
    joined = [
        Split(
            *(np.concatenate([getattr(s, k) for s in (split, bare)]) for k in ("pixels", "labels"))
        )
        for split in sets
    ]
    network, accuracy = classifier.fit(Images(*joined, ("left", "right")))
    assert all(np.isfinite(keras.ops.convert_to_numpy(w)).all() for w in network.weights)
    assert accuracy == classifier.accuracy(network, known.test)
