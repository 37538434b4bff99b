"""The average of the weights, which is evaluated and saved, and leaves the training alone."""

import keras
import numpy as np
import pytest

from tests.helpers.config import run_settings
from vae.data.images import Images, Split
from vae.training import fit
from vae.training.averaging import averaged, averaging, use_average


@pytest.fixture(scope="module")
def images():
    pixels = np.random.default_rng(0).integers(0, 256, (27, 4, 4, 1), np.uint8)
    labels = np.zeros(27, int)
    return Images(Split(pixels[:22], labels[:22]), Split(pixels[22:], labels[22:]))


class Recorder:
    """In place of checkpoints: the state after each epoch."""

    def __init__(self):
        self.states = []

    def restore(self, variables, computing):
        return []

    def epoch_done(self, variables, last):
        self.states.append([np.copy(variable.numpy()) for variable in variables])


def trained(images, **changes):
    kept = Recorder()
    vae, history, _ = fit.train(images, run_settings(**changes), checkpoints=kept)
    return vae, history, kept.states


def averages(weights, decay):
    """The average after each step, from the weights before the first step and after each one."""
    average = weights[0]
    for t, after in enumerate(weights[1:], start=1):
        d = min(decay, (1 + t) / (10 + t))
        average = d * average + (1 - d) * after
        yield average


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_the_average_follows_every_step(steps_per_execution):
    """Least squares by gradient descent, in Keras and in NumPy."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((16, 2)), rng.standard_normal((16, 1))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    optimizer = averaging(keras.optimizers.SGD, decay=0.4)(0.1)
    model.compile(optimizer, "mse", steps_per_execution=steps_per_execution)
    optimizer.build(model.trainable_variables)
    weights = model.get_weights()
    for start in range(0, 16, 2):
        rows = slice(start, start + 2)
        gradient = x[rows].T @ (x[rows] @ weights[-1] - y[rows])
        weights.append(weights[-1] - 0.1 * gradient)
    *_, average = averages(weights, decay=0.4)

    model.fit(x, y, batch_size=2, shuffle=False, verbose=0)
    after = model.get_weights()
    np.testing.assert_allclose(after[0], weights[-1], rtol=1e-5)
    with averaged(model):
        np.testing.assert_allclose(model.get_weights()[0], average, rtol=1e-5)
    np.testing.assert_array_equal(model.get_weights(), after)
    use_average(model)
    np.testing.assert_allclose(model.get_weights()[0], average, rtol=1e-5)


def test_a_model_without_an_average_keeps_its_weights():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    before = model.get_weights()
    with averaged(model):
        np.testing.assert_array_equal(model.get_weights()[0], before[0])
    use_average(model)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_the_training_is_the_same_bit_for_bit(images):
    vae, history, states = trained(images, epochs=3)
    _, with_average, more = trained(images, epochs=3, ema=0.9)
    for before, after in zip(states, more, strict=True):
        assert len(after) == len(before) + len(vae.trainable_variables)
        for a, b in zip(before, after[: len(before)], strict=True):
            np.testing.assert_array_equal(a, b)
    for column in fit.LOSSES:
        assert history[column].equals(with_average[column])
        assert (history[f"test_{column}"] != with_average[f"test_{column}"]).all()


@pytest.mark.parametrize("xla", [False, True])
def test_the_average_is_evaluated_and_returned(images, monkeypatch, xla):
    """With one step an epoch, to have the weights after each step; without noise."""
    monkeypatch.setattr(keras.random, "normal", lambda shape, seed: keras.ops.zeros(shape))
    changes = {"batch_size": 22, "epochs": 3, "precision": "float32", "xla": xla}
    vae, history, states = trained(images, ema=0.2, **changes)
    untrained = fit.build(images.shape, run_settings())
    weights = [untrained.get_weights(), *states]
    trainable = [i for i, variable in enumerate(vae.weights) if variable.trainable]
    by_variable = [averages([w[i] for w in weights], decay=0.2) for i in trainable]
    losses = []
    for average in zip(*by_variable, strict=True):
        for i, value in zip(trainable, average, strict=True):
            untrained.weights[i].assign(value)
        losses.append(np.mean(np.add(*untrained(images.test.pixels))))
    np.testing.assert_allclose(history.test_loss, losses, rtol=1e-5)
    for i in trainable:
        np.testing.assert_allclose(vae.weights[i].numpy(), untrained.weights[i].numpy(), atol=1e-6)
    assert vae.steps.numpy() == 3
