"""The optimizer of a run and the course of its learning rate."""

import keras

from vae.plan.run_settings import RunSettings
from vae.training.averaging import averaging


def learning_rate(run: RunSettings, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up, then a half cosine to 0 or a constant, over epochs of `steps` steps.

    The warm-up takes at most a fifth of the training.
    """
    total = steps * run.epochs
    warmup = min(round(run.warmup_epochs * steps), total // 5)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else run.learning_rate,
        decay_steps=total - warmup,
        alpha=0.0 if run.schedule == "cosine" else 1.0,
        warmup_target=run.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


def optimizer(
    run: RunSettings, rate: float | keras.optimizers.schedules.LearningRateSchedule
) -> keras.Optimizer:
    """The optimizer of a run, not yet built; rate: the learning rate."""
    kinds = {
        "adam": keras.optimizers.Adam,
        "adamax": keras.optimizers.Adamax,
        "rmsprop": keras.optimizers.RMSprop,
    }
    kind = kinds[run.optimizer]
    if run.ema is not None:
        kind = averaging(kind, run.ema)
    return kind(rate, global_clipnorm=run.clip_norm)
