"""The second stage: a rectified flow from N(0, I) to the codes of training images.

Liu et al. 2023 (arXiv 2209.03003): a network learns the velocity z - e of the straight path
x = (1 - t) e + t z from noise e ~ N(0, I) to a code z. Samples follow the velocity from t = 0 to 1.
It has no density that would fit into an ELBO. With classes, one in ten codes has none, so that the
velocity with and without a class can be combined (classifier-free guidance, Ho and Salimans 2022,
arXiv 2207.12598).
"""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
from keras import layers

from vae.models import velocity
from vae.plan.config import SecondStageTraining
from vae.services.checkpoints import Checkpoints
from vae.services.durations import time_left
from vae.services.errors import UserError
from vae.training.averaging import averaged, averaging, use_average
from vae.training.batches import Feed

logger = logging.getLogger(__name__)

EMA = 0.999
CLIP_NORM = 1.0
WITHOUT_CLASS = 0.1  # share of codes whose class is not shown
MEASURED = 2000  # codes held out, at most, whose loss is measured
MOST = 20_000  # codes of which mean and standard deviation are taken


@dataclass(frozen=True)
class Gaussians:
    """q(z|x) of N images: mean and log-variance, float32 [N, D]; classes, int64 [N].

    log_var: None if `mean` is a draw. mirrored: whether N more rows of both are those of the
    mirrored images, in the same order.
    """

    mean: np.ndarray
    log_var: np.ndarray | None
    labels: np.ndarray
    mirrored: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Every image once, at random, as it is or mirrored: rows [N]."""
        rows = rng.permutation(len(self))
        return rows + len(self) * rng.integers(2, size=len(rows)) if self.mirrored else rows

    def draw(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Codes of some images: float32 [M, D]."""
        mean = np.asarray(self.mean[rows])
        if self.log_var is None:
            return mean
        noise = rng.standard_normal(mean.shape, np.float32)
        return mean + np.exp(self.log_var[rows] / 2) * noise


@dataclass(frozen=True)
class Paths:
    """Points on paths from noise to codes, in batches; all follows from the seed.

    rows: which codes, and in which order. classes: K, 0 for none. scale: see `unit`.
    """

    codes: Gaussians
    rows: np.ndarray
    size: int
    classes: int
    scale: tuple[np.ndarray, np.ndarray]
    seed: list[int]

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.size)

    def __iter__(self) -> Iterator[list[np.ndarray]]:
        """Code at a time, time, classes if there are any; the velocity there over the scale."""
        rng = np.random.default_rng(self.seed)
        mean, sd = self.scale
        for start in range(0, len(self.rows), self.size):
            rows = self.rows[start : start + self.size]
            z = self.codes.draw(rows, rng)
            noise = rng.standard_normal(z.shape, np.float32)
            t = 1 / (1 + np.exp(-rng.standard_normal((len(rows), 1), np.float32)))
            classes = []
            if self.classes:
                labels = self.codes.labels[rows % len(self.codes)]
                one_hot = np.eye(self.classes, dtype=np.float32)[labels]
                one_hot *= rng.random((len(rows), 1)) >= WITHOUT_CLASS
                classes = [one_hot]
            yield [(1 - t) * noise + t * z, t, *classes, (z - noise - mean) / sd]

    def packed(self, arrays: Any) -> tuple[Any, Any]:
        """What Keras takes of the arrays of a batch: inputs, and what is to be learned."""
        *inputs, target = arrays
        return tuple(inputs), target


class Trained(NamedTuple):
    """What a training gives: from `code`, `time` and `class` to `velocity`; its history."""

    network: keras.Model
    history: pd.DataFrame


def train(
    train: Gaussians,
    held_out: tuple[str, Gaussians],
    shape: tuple[int, ...],
    classes: int,
    settings: SecondStageTraining,
    seed: int,
    checkpoints: Checkpoints | None = None,
    precision: str = "float32",
) -> Trained:
    """Fit the velocity to codes of shape (D,) or (H, W, C); measure it on codes held out.

    The history has a row an epoch: epoch; loss and test_loss (or validation_loss), mean squares of
    the error of the velocity, in units in which a velocity of 0 has about 1; learning_rate of its
    last step; seconds. The second loss is that of the averaged weights on codes held out, at the
    same points in each epoch.

    held_out: "test" or "validation", and codes. precision: of the layers but the last, while they
    are trained.

    Raises UserError if a loss is no longer finite.
    """
    n = len(train)
    steps = math.ceil(n / settings.batch_size)
    mean, sd = _moments(train, shape)
    keras.utils.set_random_seed(seed)
    stock = velocity.build(shape, classes, settings.filters, settings.blocks, mean, sd)
    network = _computing_in(precision, stock)
    size = math.prod(shape)
    flat = tuple(np.resize(part, size).astype(np.float32) for part in velocity.unit(mean, sd))
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps * settings.epochs)
    network.compile(
        averaging(keras.optimizers.Adam, EMA)(rate, global_clipnorm=CLIP_NORM),
        loss="mse",
        jit_compile=False,
        steps_per_execution=min(50, steps),
    )
    network.optimizer.build(network.trainable_variables)
    state = [*network.weights, *network.optimizer.variables]
    rows = checkpoints.restore(state, precision) if checkpoints else []
    options = (settings.batch_size, classes, flat)
    name, codes = held_out
    measured = Paths(codes, np.arange(min(MEASURED, len(codes))), *options, [seed, 0])
    feeds = Feed(), Feed()
    logger.info("samples are to be judged after the last epoch alone: until then they are noisy")
    for epoch in range(len(rows) + 1, settings.epochs + 1):
        start = time.perf_counter()
        order = train.order(np.random.default_rng([seed, epoch]))
        paths = Paths(train, order, *options, [seed, epoch, 1])
        loss = network.fit(**feeds[0].arguments(paths), shuffle=False, verbose=0).history["loss"]
        with averaged(network):
            measured_loss = network.evaluate(**feeds[1].arguments(measured), verbose=0)
        last_rate = float(rate(steps * epoch - 1))
        seconds = time.perf_counter() - start
        row = {"epoch": epoch, "loss": float(loss[-1]), f"{name}_loss": float(measured_loss)}
        rows.append(row | {"learning_rate": last_rate, "seconds": seconds})
        _check_finite(rows[-1])
        logger.info(
            "epoch %d/%d  loss %.4f  %s loss %.4f  %s codes/s  %s left",
            *(epoch, settings.epochs, rows[-1]["loss"], name, rows[-1][f"{name}_loss"]),
            *(f"{n / seconds:,.0f}", time_left(rows, settings.epochs)),
        )
        if checkpoints:
            checkpoints.epoch_done(state, last=epoch == settings.epochs)
    use_average(network)
    stock.set_weights(network.get_weights())
    return Trained(_with_velocity(stock, *flat), pd.DataFrame(rows))


def _moments(codes: Gaussians, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of draws, by channel of a map, by dimension of a flat code."""
    rows = np.arange(0, len(codes), math.ceil(len(codes) / MOST))
    z = codes.draw(rows, np.random.default_rng(0)).reshape(-1, shape[-1]).astype(float)
    return z.mean(axis=0), np.maximum(z.std(axis=0), 1e-3)


def _computing_in(precision: str, network: keras.Model) -> keras.Model:
    """A copy, weights included, whose layers compute in another precision; not its last ones."""

    def changed(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if not layer.name.startswith("velocity"):
            config["dtype"] = precision
        return type(layer).from_config(config)

    copy = keras.models.clone_model(network, clone_function=changed)
    copy.set_weights(network.get_weights())
    return copy


def _with_velocity(network: keras.Model, mean: np.ndarray, sd: np.ndarray) -> keras.Model:
    """The network with an output, `velocity`, that is the velocity itself."""
    scaled = layers.Rescaling(sd.tolist(), mean.tolist(), name="velocity_of_code")
    outputs = {"velocity": scaled(network.output)}
    return keras.Model(network.inputs, outputs, name="second_stage")


def _check_finite(row: dict[str, float]) -> None:
    if not all(map(math.isfinite, row.values())):
        raise UserError(
            f"The second stage diverged in epoch {row['epoch']}. Lower its learning_rate in "
            "config/config.yaml (a third of it is a good try)."
        )
