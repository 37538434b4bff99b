"""Signs in the history of a training that it did not work."""

import math
from typing import Any

import pandas as pd

from vae.plan.run_settings import RunSettings

FEWEST_STEPS = 1_000
FAR = 0.1  # share of a loss
OVERFITTED = 0.25  # share of what training gained, or of the loss


def found(
    history: pd.DataFrame, run: RunSettings, images: int, kept_epoch: int
) -> dict[str, dict[str, Any]]:
    """Warnings, by name, with the values that `services.warning_texts` puts into words.

    history: as `fit.train` returns it; images: to train on; kept_epoch: whose weights are saved.
    """
    result = {}
    steps = len(history) * math.ceil(images / run.batch_size)
    if steps < FEWEST_STEPS and not run.init_from:
        result["few steps"] = {"steps": steps}
    held_out = "validation" if "validation_loss" in history else "test"
    rows = history.set_index("epoch")
    loss, losses = float(rows["loss"][kept_epoch]), rows[f"{held_out}_loss"]
    measured, best = float(losses[kept_epoch]), float(losses.min())
    # A learned variance can make any loss negative or 0: what was gained has a scale.
    gained = rows["loss"].iloc[0] - loss
    if len(rows) > 1 and measured - loss > OVERFITTED * max(gained, abs(loss)):
        result["overfitting"] = {"held_out": held_out, "measured": measured, "loss": loss}
    if measured - best > FAR * abs(best):
        result["past the best"] = {
            "held_out": held_out,
            "epoch": kept_epoch,
            "measured": measured,
            "best_epoch": int(losses.idxmin()),
            "best": best,
        }
    return result
