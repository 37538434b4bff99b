"""Training: images and the settings of a run in, a trained VAE and its history out."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
from keras import ops

from vae import likelihoods, models, priors
from vae.data import binarization
from vae.data.augmentation import Augmentation
from vae.data.images import Images, Split
from vae.models import Hierarchy
from vae.plan.run_settings import RunSettings
from vae.services.checkpoints import Checkpoints
from vae.services.durations import time_left
from vae.services.errors import UserError
from vae.training import cpu_layers, weights
from vae.training.averaging import averaged, use_average
from vae.training.batches import Batches, Feed
from vae.training.elbo import VAE, Bound, HierarchicalVAE
from vae.training.engine import Engine, choose
from vae.training.optimizers import learning_rate, optimizer

logger = logging.getLogger(__name__)

MOST = 2000  # images, of which the mean is taken
LOSSES = ("loss", "reconstruction", "kl")
ERROR = "validation_error"  # column of the history with keep: best: the loss's standard error


class Trained(NamedTuple):
    """What a training gives: the VAE, in float32, its history, and the epoch its weights are of.

    With `ema`, its weights are the average.
    """

    vae: Bound
    history: pd.DataFrame
    kept_epoch: int


def build(
    image_shape: tuple[int, int, int],
    run: RunSettings,
    classes: int = 0,
    engine: Engine | None = None,
) -> Bound:
    """The untrained VAE of a run; its weights and its noise follow from the run's seed alone.

    classes: on which it is conditional; 0 where it is not. engine: what its networks are built
    for; by default stock layers in float32, as they are saved. Layers of the likelihood and of the
    prior are that in any case.
    """
    keras.utils.set_random_seed(run.seed)
    likelihood = likelihoods.get(run.likelihood)
    image_channels = image_shape[-1]
    channels = likelihood.channels(image_channels, run)
    shards = engine.shards if engine else 1
    swapped = cpu_layers.swapped if engine and engine.cpu_layers else lambda network: network
    with _layers_in(engine.precision if engine else "float32"):
        networks = models.build(image_shape, channels, run, classes)
    if isinstance(networks, Hierarchy):
        joint = swapped(networks.joint)
        outputs = dict(joint.output)
        logits = keras.Model(joint.inputs, outputs.pop("logits"))
        outputs |= likelihood.parameters(logits, image_channels)
        joint = keras.Model(joint.inputs, outputs, name="joint")
        hierarchy = networks._replace(joint=joint)
        return HierarchicalVAE(hierarchy, likelihood, run.beta, run.seed, shards)
    encoder, decoder = map(swapped, networks)
    parameters = likelihood.parameters(decoder, image_channels)
    decoder = keras.Model(decoder.input, parameters, name="decoder")
    prior = priors.build(run.latent_dim, run, classes)
    return VAE(encoder, decoder, likelihood, run.beta, run.seed, shards, prior)


def train(
    images: Images,
    run: RunSettings,
    engine: Engine | None = None,
    checkpoints: Checkpoints | None = None,
    path_to_weights: str | Path | None = None,
    after_epoch: Callable[[dict[str, float], Callable[[], Bound]], None] | None = None,
) -> Trained:
    """Train a VAE on `images.train`; after each epoch, measure it on images held out.

    run: as `defaults.resolved` gives it.

    The history has a row an epoch and the columns epoch; loss, reconstruction and kl in nats an
    image, averaged over the epoch; test_loss, test_reconstruction and test_kl at its end, or
    validation_loss, ... where there are validation images; the learning_rate of its last step;
    seconds; with `keep: best` the standard error of validation_loss. A loss is reconstruction +
    beta * kl, also while the weight of the KL still rises.
    With `ema`, images held out are measured with the average of the weights; the next epoch goes
    on from the weights themselves.

    engine: that runs the steps, and has its threads; by default the one for a single thread.
    checkpoints: to go on from, and to save the state after an epoch in. What comes out is the same
    bit for bit: an epoch depends on seed, epoch and the state alone.
    path_to_weights: of another run, to start with.
    after_epoch: called with its row of the history, and what gives the VAE as it is measured, in
    float32. It changes nothing of what comes out.

    Raises UserError if a loss is no longer finite, or those weights are of another network.
    """
    count = len(images.train)
    steps = math.ceil(count / run.batch_size)
    classes = _classes(images) if run.conditional else 0
    engine = engine or choose(run, threads=1)
    result = build(images.shape, run, classes)
    logger.info("computes with %s", engine)
    vae = result if engine.stock else build(images.shape, run, classes, engine)

    def current() -> Bound:
        if not engine.stock:
            result.set_weights(vae.get_weights())
        return result

    if isinstance(vae, HierarchicalVAE):
        some = images.train.pixels[:: math.ceil(count / MOST)]
        vae.start_at(float(some.mean()) / 255)
    if path_to_weights:
        weights.load(vae, path_to_weights)
    vae.kl_warmup_steps = round(run.kl_warmup_epochs * steps)
    rate = learning_rate(run, steps)
    vae.compile(optimizer(run, rate), **engine.compile_options(steps))

    # At the end of each epoch; all at once, since JAX would compile each call.
    rates = ops.convert_to_numpy(ops.map(rate, steps * ops.arange(1, run.epochs + 1) - 1))

    vae.optimizer.build(vae.trainable_variables)
    kept = [keras.Variable(w, trainable=False) for w in vae.weights] if run.keep == "best" else []
    state = [*vae.weights, vae.noise.state, *vae.optimizer.variables, *kept]
    rows = checkpoints.restore(state, engine.computing) if checkpoints else []

    held_out, split = images.held_out
    measured = f"{held_out}_loss"
    binary = binarization.fixed_generator(held_out) if run.binarize == "dynamic" else None
    held_out_batches = Batches(split, run.batch_size, binary=binary, classes=classes)
    feeds = Feed(), Feed()
    while not _ended(rows, run, measured):
        epoch = len(rows) + 1
        start = time.perf_counter()
        means = _pass(
            vae.fit, feeds[0].arguments(shuffled(images.train, run, epoch, classes)), shuffle=False
        )
        trained = time.perf_counter()
        with averaged(vae):
            held_out_means = _pass(
                vae.evaluate, feeds[1].arguments(held_out_batches), return_dict=True
            )
            losses = _losses(held_out_means, run)
            row = {"epoch": epoch} | _losses(means, run)
            row |= {f"{held_out}_{name}": value for name, value in losses.items()}
            if kept:
                row[ERROR] = _standard_error(held_out_means, losses["loss"], len(split))
                if _kept([*rows, row], measured) == epoch:
                    for variable, weight in zip(kept, vae.weights, strict=True):
                        variable.assign(ops.copy(weight))
            row["learning_rate"] = float(rates[epoch - 1])
            if after_epoch:
                after_epoch(row, current)
        seconds = time.perf_counter() - start
        rows.append(row | {"seconds": seconds})
        _check_finite(rows)
        logger.info(
            "epoch %d/%d  loss %.2f  %s loss %.2f  %s images/s  %s left",
            *(epoch, run.epochs, rows[-1]["loss"], held_out, rows[-1][measured]),
            *(f"{count / (trained - start):,.0f}", time_left(rows, run.epochs)),
        )
        if checkpoints:
            checkpoints.epoch_done(state, last=_ended(rows, run, measured))
    use_average(vae)
    if kept:
        vae.set_weights([ops.convert_to_numpy(variable) for variable in kept])
    history = pd.DataFrame(rows)
    kept_epoch = _kept(rows, measured) if kept else len(rows)
    return Trained(current(), history, kept_epoch)


def _kept(rows: list[dict[str, float]], measured: str) -> int:
    """The epoch whose weights are kept as the best: see ERROR.

    A few images tell little about an epoch, and a network that learns its training images by heart
    looks good on a few others for longer than on many. So a later epoch has to be better by more
    than a standard error (Breiman et al. 1984, section 3.4.3).
    """
    kept, *others = rows
    for row in others:
        kept = row if row[measured] < kept[measured] - row[ERROR] else kept
    return kept["epoch"]


def _ended(rows: list[dict[str, float]], run: RunSettings, measured: str) -> bool:
    """Whether no epoch is left, or the last ones brought nothing better."""
    if len(rows) == run.epochs:
        return True
    return bool(rows and run.early_stopping) and (
        len(rows) - min(rows, key=lambda row: row[measured])["epoch"] >= run.early_stopping
    )


def shuffled(split: Split, run: RunSettings, epoch: int, classes: int = 0) -> Batches:
    """Images as an epoch sees them: in its order, mirrored, augmented, binary.

    All of it follows from seed and epoch alone.
    """
    rng = np.random.default_rng([run.seed, epoch])
    order = rng.permutation(len(split))
    mirrored = rng.random(len(split)) < 0.5 if run.flip else None
    change = Augmentation.of(run)
    augmented = (change, change.draw(len(split), rng)) if change else None
    binary = rng if run.binarize == "dynamic" else None
    return Batches(split, run.batch_size, order, mirrored, augmented, binary, classes)


@contextmanager
def _layers_in(precision: str) -> Iterator[None]:
    """Layers that are made within the block compute in this precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _classes(images: Images) -> int:
    """On how many classes a conditional model depends.

    Raises UserError if there are fewer than two, or some images have none.
    """
    without = any((split.labels < 0).any() for split in images.splits.values())
    if without or len(images.class_names) < 2:
        raise UserError(
            "conditional: true needs two classes or more, and "
            + ("some of these images have none" if without else "these images have fewer")
            + ". A folder of pictures needs one subfolder a class; or set conditional: false in "
            "config/config.yaml."
        )
    return len(images.class_names)


def _pass(function: Any, data: dict[str, Any], **options: Any) -> dict:
    result = function(**data, verbose=0, **options)
    return result if isinstance(result, dict) else {k: v[-1] for k, v in result.history.items()}


def _standard_error(means: dict[str, float], loss: float, images: int) -> float:
    """Of a mean loss over images: how far other images would put it."""
    return math.sqrt(max(float(means["square"]) - loss**2, 0) / images)


def _losses(means: dict[str, float], run: RunSettings) -> dict[str, float]:
    reconstruction, kl = float(means["reconstruction"]), float(means["kl"])
    return dict(zip(LOSSES, (reconstruction + run.beta * kl, reconstruction, kl), strict=True))


def _check_finite(rows: list[dict[str, float]]) -> None:
    row = rows[-1]
    broken = [column for column, value in row.items() if not math.isfinite(value)]
    if broken:
        before = rows[-2] if rows[1:] else None
        raise UserError(
            f"Training diverged in epoch {row['epoch']}: {broken[0]} is {row[broken[0]]}. "
            + (f"After epoch {before['epoch']} it was {before['loss']:.2f}. " if before else "")
            + "Lower learning_rate (a third of it is a good try) or raise warmup_epochs in "
            "config/config.yaml; if it happens in epoch 1 whatever the rate, look at the images."
        )
