from contextlib import suppress
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from tests.helpers import Crash
from tests.helpers.config import RUN, run_settings
from vae.data.images import Images, Split
from vae.services import checkpoints
from vae.services.checkpoints import Checkpoints
from vae.services.errors import UserError
from vae.training import fit, optimizers, weights
from vae.training.engine import Engine, choose

FLOW = {"prior": "flow", "couplings": 2, "flow_hidden": 4}


@pytest.fixture(scope="module")
def images():
    """Bars at two places: 22 training images, so that the last batch of 4 is not full."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 27)
    pixels = np.zeros((27, 4, 4, 1), np.uint8)
    pixels[np.arange(27), :, labels * 3] = 255
    return Images(
        Split(pixels[:22], labels[:22]), Split(pixels[22:], labels[22:]), ("left", "right")
    )


@pytest.fixture(scope="module")
def trained(images):
    return fit.train(images, run_settings(epochs=60, beta=0.5))


def test_the_loss_falls_and_the_history_adds_up(trained):
    history = trained.history
    losses = "loss reconstruction kl test_loss test_reconstruction test_kl"
    assert list(history) == ["epoch", *losses.split(), "learning_rate", "seconds"]
    assert list(history.epoch) == list(range(1, 61))
    assert history.test_loss.iloc[-1] < 0.5 * history.test_loss.iloc[0]
    for part in ("", "test_"):
        total = history[f"{part}reconstruction"] + 0.5 * history[f"{part}kl"]
        np.testing.assert_allclose(history[f"{part}loss"], total)


def test_validation_images_are_watched_where_there_are_any(images):
    history = fit.train(images.hold_out(5), run_settings(epochs=1)).history
    assert list(history)[4:7] == ["validation_loss", "validation_reconstruction", "validation_kl"]


def test_the_learning_rate_rises_then_falls_to_nothing(trained):
    rate = trained.history.learning_rate
    assert rate.iloc[0] == pytest.approx(RUN["learning_rate"], rel=0.01)
    assert rate.iloc[-1] < 1e-4 * RUN["learning_rate"]
    assert (rate.iloc[1:].diff()[1:] < 0).all()


def test_epoch_means_weigh_images_not_batches():
    """Two bright images in a last batch of their own count as two of 22, not as half."""
    pixels = np.zeros((22, 4, 4, 1), np.uint8)
    pixels[20:] = 255
    split = Split(pixels, np.zeros(22, int))
    run = run_settings(epochs=1, batch_size=20, learning_rate=1e-12)
    vae, history, _ = fit.train(Images(split, split), run)
    _, kl = vae(pixels)
    assert history.test_kl[0] == pytest.approx(np.mean(kl), rel=1e-4)
    assert history.kl[0] == pytest.approx(np.mean(kl), rel=1e-4)


def shuffled(pixels, run, epoch):
    batches = fit.shuffled(Split(pixels, np.arange(len(pixels))), run, epoch)
    parts = zip(*replace(batches, labelled=True), strict=True)
    return Split(*(np.concatenate(part) for part in parts))


def test_an_epoch_shows_every_image_once_and_half_of_them_mirrored():
    pixels = np.zeros((400, 1, 2, 1), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(400) % 256
    straight = shuffled(pixels, run_settings(), 1)
    assert sorted(straight.labels) == list(range(400))
    np.testing.assert_array_equal(straight.pixels, pixels[straight.labels])
    flipped = shuffled(pixels, run_settings(flip=True), 1).pixels
    np.testing.assert_array_equal(flipped.max(axis=2), straight.pixels.max(axis=2))
    assert 140 < (flipped[:, 0, 1] > 0).sum() < 260
    assert (shuffled(pixels, run_settings(flip=True), 2).pixels != flipped).any()


def test_an_epoch_shows_other_binary_images_than_the_last():
    pixels = np.full((20, 4, 4, 1), 128, np.uint8)
    run = run_settings(binarize="dynamic")
    first, second = (shuffled(pixels, run, epoch).pixels for epoch in (1, 2))
    assert set(np.unique(first)) == {0, 255}
    assert (first != second).any()


def test_compiled_steps_raise_the_weight_of_the_kl_as_eager_ones_do(images, monkeypatch):
    """Without noise, whose numbers XLA draws in its own way."""
    monkeypatch.setattr(keras.random, "normal", lambda shape, seed: keras.ops.zeros(shape))
    run = run_settings(beta=20.0, precision="float32")
    rising = run.model_copy(update={"kl_warmup_epochs": 1.5})
    plain = fit.train(images, run).history
    compiled = fit.train(images, rising).history
    monkeypatch.setattr(Engine, "compile_options", lambda engine, steps: {"run_eagerly": True})
    eager = fit.train(images, rising).history
    for name in fit.LOSSES:
        np.testing.assert_allclose(compiled[name], eager[name], rtol=1e-4)
    assert (compiled.kl > 1.01 * plain.kl).all()
    np.testing.assert_allclose(compiled.loss, compiled.reconstruction + 20 * compiled.kl)


def test_a_conditional_model_needs_no_code_for_the_class(images):
    """The class says everything about these images, so that the KL falls to nothing."""
    run = run_settings(conditional=True, epochs=80)
    history = fit.train(images, run).history
    plain = fit.train(images, run.model_copy(update={"conditional": False})).history
    assert history.test_loss.iloc[-1] < plain.test_loss.iloc[-1]
    assert history.test_kl.iloc[-1] < plain.test_kl.iloc[-1]


def test_a_conditional_model_of_images_with_fewer_than_two_classes_is_refused(images):
    unlabelled = Split(images.train.pixels, np.full(len(images.train), -1))
    alike = Split(images.train.pixels, np.zeros(len(images.train), int))
    for data, words in (
        (Images(unlabelled, unlabelled), "some of these images have none"),
        (Images(images.train, unlabelled, ("a", "b")), "some of these images have none"),
        (Images(alike, alike, ("all",)), "these images have fewer"),
    ):
        with pytest.raises(UserError, match=f"{words}.* one subfolder a class"):
            fit.train(data, run_settings(conditional=True))


def test_the_same_seed_gives_the_same_numbers(images):
    def numbers(seed):
        vae, history, _ = fit.train(images, run_settings(seed=seed))
        return history.drop(columns="seconds").to_numpy(), vae.decoder.get_weights()

    (first, weights), (second, same_weights), (other, _) = numbers(1), numbers(1), numbers(2)
    np.testing.assert_array_equal(first, second)
    for a, b in zip(weights, same_weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "changes",
    [
        {"conditional": True, **FLOW},
        {"model": "conv", "filters": 4, "likelihood": "gaussian"},
    ],
)
def test_shards_change_nothing_but_the_rounding(images, changes):
    """The last of the batches has two images for three shards."""
    run = run_settings(**{"precision": "float32", "kl_warmup_epochs": 1.0} | changes)
    engine = choose(run, threads=1)
    whole, cut = (fit.train(images, run, replace(engine, shards=n)) for n in (1, 3))
    losses = whole.history.columns.drop(["epoch", "seconds"])
    np.testing.assert_allclose(cut.history[losses], whole.history[losses], rtol=1e-4)
    for a, b in zip(cut.vae.weights, whole.vae.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "flip": True,
            "binarize": "dynamic",
            "kl_warmup_epochs": 3.0,
            "optimizer": "adamax",
            "clip_norm": 20.0,
            "ema": 0.9,
        },
        {"model": "conv", "filters": 2, "likelihood": "gaussian", "optimizer": "rmsprop"} | FLOW,
        {
            "ema": 0.9,
            "keep": "best",
            "early_stopping": 2,
            "augment_shift": 0.3,
            "augment_brightness": 0.2,
            # So that the second epoch is the best one.
            "schedule": "constant",
            "learning_rate": 0.3,
        },
    ],
)
def test_a_training_that_was_killed_three_times_gives_the_same_numbers(
    images, tmp_path, monkeypatch, changes
):
    run = run_settings(**{"epochs": 6} | changes)
    engine = replace(choose(run, threads=1), shards=2)
    images = images.hold_out(6) if "early_stopping" in changes else images
    vae, history, _ = fit.train(images, run, engine)
    monkeypatch.setattr(checkpoints, "LONG", 0.0)
    epoch_done = Checkpoints.epoch_done
    for killed_after in (1, 4, 6, None):

        def killed(self, state, last, killed_after=killed_after):
            epoch_done(self, state, last)
            if len(self.rows) == killed_after:
                raise Crash

        monkeypatch.setattr(Checkpoints, "epoch_done", killed)
        with suppress(Crash), Checkpoints(tmp_path / "ld_2", "identity", 2) as kept:
            resumed, resumed_history, _ = fit.train(images, run, engine, kept)
    pd.testing.assert_frame_equal(
        history.drop(columns="seconds"),
        resumed_history.drop(columns="seconds"),
        check_exact=True,
    )
    for a, b in zip(vae.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize(
    ("losses", "errors", "epoch"),
    [
        ([5.0], [1.0], 1),
        ([5.0, 3.0, 2.5, 4.0], [1.0] * 4, 2),
        ([5.0, 3.0, 2.5, 1.5], [1.0] * 4, 4),  # better than the kept one, not than the last
        ([5.0, 3.0, 2.5, 4.0], [0.1] * 4, 3),
        ([-5.0, -3.0], [1.0, 1.0], 1),
    ],
)
def test_a_later_epoch_has_to_be_better_by_more_than_a_standard_error(losses, errors, epoch):
    rows = [
        {"epoch": i, "validation_loss": loss, fit.ERROR: error}
        for i, (loss, error) in enumerate(zip(losses, errors, strict=True), 1)
    ]
    assert fit._kept(rows, "validation_loss") == epoch


def test_the_best_epoch_is_kept_and_training_ends_soon_after_it(images):
    images = images.hold_out(6)
    settings = {"early_stopping": 3, "schedule": "constant", "warmup_epochs": 0.0}
    run = run_settings(epochs=30, keep="best", learning_rate=0.3, **settings)
    vae, history, kept = fit.train(images, run)
    best = history.validation_loss.idxmin() + 1
    assert kept <= best < len(history) == best + 3 < 30
    losses, errors = history.validation_loss, history.validation_error
    assert (losses[kept:] >= losses[kept - 1] - errors[kept:]).all()
    short = run.model_copy(update={"epochs": kept, "keep": "last"})
    until_then, same, last = fit.train(images, short)
    assert last == len(same) == kept
    for a, b in zip(until_then.get_weights(), vae.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_training_starts_with_the_weights_of_another_one(images, trained, tmp_path):
    path = tmp_path / "weights.npz"
    weights.save(trained.vae, path)
    run = run_settings(epochs=1, beta=0.5, learning_rate=1e-9, seed=5)
    vae, *_ = fit.train(images, run, path_to_weights=path)
    for a, b in zip(vae.trainable_variables, trained.vae.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5)
    with pytest.raises(UserError, match="weights of another network"):
        fit.train(images, run_settings(latent_dim=3), path_to_weights=path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match=r"weights.npz"):
        fit.train(images, run, path_to_weights=path)


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
@pytest.mark.parametrize("warmup", [0.0, 2.0])
def test_schedules(schedule, warmup):
    run = run_settings(epochs=20, schedule=schedule, warmup_epochs=warmup)
    rate = optimizers.learning_rate(run, steps=10)
    values = np.array([float(rate(step)) for step in range(200)])
    start = round(warmup * 10)
    assert values.max() == pytest.approx(run.learning_rate)
    assert np.argmax(values > 0.999 * values.max()) == start
    np.testing.assert_allclose(values[:start], run.learning_rate * np.arange(start) / 20)
    assert values[-1] == pytest.approx(0.0 if schedule == "cosine" else values.max(), abs=1e-5)


def test_the_warm_up_takes_a_fifth_at_most():
    rate = optimizers.learning_rate(run_settings(epochs=1, warmup_epochs=9.0), steps=10)
    assert float(rate(2)) == pytest.approx(RUN["learning_rate"])


def test_clip_norm_scales_all_gradients_together():
    optimizer = optimizers.optimizer(run_settings(clip_norm=1.0), 0.1)
    optimizer.apply(
        [np.array([3.0], np.float32), np.array([4.0], np.float32)],
        [keras.Variable([0.0], dtype="float32") for _ in range(2)],
    )
    momentum = [v.numpy().item() for v in optimizer.variables if v.path.endswith("momentum")]
    np.testing.assert_allclose(momentum, [0.06, 0.08], rtol=1e-5)  # 0.1 gradient


@pytest.mark.parametrize("ema", [None, 0.9])
def test_the_optimizer_is_of_the_kind_that_the_run_names(ema):
    for name, kind in (("adamax", "Adamax"), ("rmsprop", "RMSprop"), ("adam", "Adam")):
        run = run_settings(optimizer=name, ema=ema)
        assert isinstance(optimizers.optimizer(run, 0.1), getattr(keras.optimizers, kind))


def test_a_loss_that_is_nan_stops_the_run(images):
    # A rate that the config would refuse, so that it happens at once.
    run = run_settings(warmup_epochs=0.0).model_copy(update={"learning_rate": 1e20})
    with pytest.raises(UserError, match=r"diverged in epoch 1: .* Lower learning_rate"):
        fit.train(images, run)


def test_one_epoch_one_image():
    one = Split(np.zeros((1, 2, 2, 1), np.uint8), np.zeros(1, int))
    history = fit.train(Images(one, one), run_settings(epochs=1)).history
    assert len(history) == 1


def test_what_bfloat16_has_trained_is_float32_and_nearly_the_same(images):
    # Few epochs: later, what differs at first decides when a network sees the two places.
    run = run_settings(model="conv", filters=4, epochs=10, xla=False)
    both = [
        fit.train(images, run.model_copy(update={"precision": precision}))
        for precision in ("float32", "mixed_bfloat16")
    ]
    losses = [trained.history.test_loss for trained in both]
    assert losses[1].iloc[-1] == pytest.approx(losses[0].iloc[-1], rel=0.03)
    assert not losses[1].equals(losses[0])
    for network in (both[1].vae.encoder, both[1].vae.decoder):
        assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    x = images.test.pixels
    reconstruction, kl = both[1].vae(x)  # with other noise
    assert np.mean(reconstruction + kl) == pytest.approx(losses[1].iloc[-1], rel=0.2)


def test_what_is_called_after_an_epoch_sees_the_averaged_weights_and_changes_nothing(images):
    run = run_settings(epochs=3, ema=0.9)
    called = []
    seen = fit.train(
        images, run, after_epoch=lambda row, vae: called.append((row, vae().get_weights()))
    )
    unseen = fit.train(images, run)
    for before, after in zip(unseen.vae.get_weights(), seen.vae.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert [row["epoch"] for row, _ in called] == [1, 2, 3]
    for last, after in zip(called[-1][1], seen.vae.get_weights(), strict=True):
        np.testing.assert_array_equal(last, after)
