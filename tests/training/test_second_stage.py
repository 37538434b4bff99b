"""The training of a second stage."""

import numpy as np
import pandas as pd
import pytest

from tests.helpers import Crash
from vae.latent import second_stage as drawing
from vae.latent.onnx import Velocity
from vae.plan.config import SecondStageTraining
from vae.services.checkpoints import Checkpoints
from vae.services.errors import UserError
from vae.training import export, second_stage
from vae.training.second_stage import Gaussians, Paths

SETTINGS = SecondStageTraining(epochs=12, batch_size=32, filters=16, blocks=1)


def gaussians(n=400, seed=0):
    """Codes of two classes, 2x2 positions of two values: 4 or -4 in the first, 1 in the second."""
    labels = np.random.default_rng(seed).integers(0, 2, n)
    mean = np.ones((n, 2, 2, 2), np.float32)
    mean[..., 0] = (8 * labels - 4)[:, None, None]
    return Gaussians(mean.reshape(n, 8), np.full((n, 8), np.log(0.04), np.float32), labels)


def test_samples_of_a_class_are_codes_of_that_class(tmp_path):
    settings = SETTINGS.model_copy(update={"epochs": 60})
    test = "test", gaussians(50, 1)
    trained = second_stage.train(gaussians(), test, (2, 2, 2), 2, settings, seed=0)
    history = trained.history
    assert list(history) == ["epoch", "loss", "test_loss", "learning_rate", "seconds"]
    assert list(history.epoch) == list(range(1, 61))
    assert history.test_loss.iloc[-1] < 0.5 * history.test_loss.iloc[0]
    assert history.learning_rate.iloc[-1] < 1e-3 * settings.learning_rate
    export.write_onnx(trained.network, tmp_path / "s.onnx", {"class_names": ["a", "b"]})
    labels = np.repeat([0, 1], 50)
    z = drawing.draw(Velocity(tmp_path / "s.onnx"), 100, labels, guidance=2.0, steps=10)
    first, second = np.moveaxis(z.reshape(100, 4, 2), -1, 0)
    assert np.median(np.abs(first.mean(axis=1) - (8 * labels - 4))) < 1
    assert ((first.mean(axis=1) > 0) == labels).mean() > 0.9
    assert np.abs(second.mean() - 1) < 0.3


def test_a_training_goes_on_as_if_it_had_never_been_interrupted(tmp_path):
    def train(last=None):
        def stop(rows):
            if len(rows) == last:
                raise Crash

        options = {"folder": tmp_path / "run", "identity": "a", "threads": 1, "on_epoch": stop}
        with Checkpoints(**options) as checkpoints:
            return second_stage.train(*codes, (8,), 2, SETTINGS, 3, checkpoints, "mixed_bfloat16")

    codes = gaussians(70), ("validation", gaussians(9, 1))
    whole = train()
    assert "validation_loss" in whole.history
    for last in (2, 7):
        with pytest.raises(Crash):
            train(last)
    again = train()
    pd.testing.assert_frame_equal(
        *(trained.history.drop(columns="seconds") for trained in (whole, again)), check_exact=True
    )
    for old, new in zip(whole.network.get_weights(), again.network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_points_on_a_path_have_the_velocity_of_the_path():
    """Codes without noise: the end of the path is the point, and the rest of the way."""
    codes = gaussians(64)
    exact = Gaussians(codes.mean, None, codes.labels)
    mean, sd = np.full(8, 0.5, np.float32), np.full(8, 2.0, np.float32)
    paths = Paths(exact, np.arange(64), 64, 2, (mean, sd), [0])
    ((code, time, one_hot, target),) = paths
    assert 0 < time.min() < time.max() < 1
    velocity = mean + sd * target
    np.testing.assert_allclose(code + (1 - time) * velocity, codes.mean, atol=1e-4)
    shown = one_hot.sum(axis=1) == 1
    assert 0 < (~shown).sum() < 20
    np.testing.assert_array_equal(one_hot.argmax(axis=1)[shown], codes.labels[shown])
    ((again, *_),) = paths
    np.testing.assert_array_equal(again, code)


def test_an_epoch_has_every_image_once_mirrored_or_not():
    codes = gaussians(400)
    twice = Gaussians(*(np.concatenate([p, p]) for p in (codes.mean, codes.log_var)), codes.labels)
    rows = twice.order(np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(rows), np.arange(400))
    both = Gaussians(twice.mean, twice.log_var, codes.labels, mirrored=True)
    rows = both.order(np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(rows % 400), np.arange(400))
    assert 150 < (rows >= 400).sum() < 250
    (batch,) = Paths(both, rows, 400, 2, (0.0, 1.0), [0])
    shown = batch[2].sum(axis=1) == 1
    np.testing.assert_array_equal(batch[2].argmax(axis=1)[shown], codes.labels[rows % 400][shown])


def test_a_training_that_diverges_is_an_error():
    codes = gaussians(40)
    codes.mean[:] = np.nan
    with pytest.raises(UserError, match="diverged in epoch 1"):
        second_stage.train(codes, ("test", gaussians(9)), (8,), 0, SETTINGS, 0)
