"""Losses and learning rate of a training, epoch by epoch: `history.png`."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vae.figures.sheet import BLUE, GRAY, ORANGE, duration, limits, save, sheet, styled
from vae.services.errors import reading
from vae.services.words import counted

FILES = {"history.png": "history"}
SETTINGS = {}


def plot(path_to_history: str, path_to_figure: str, title: str) -> None:
    """Draw what history.csv records of a training.

    Raises UserError if the file is damaged.
    """
    with reading(path_to_history):
        figure = draw(pd.read_csv(path_to_history), title)
    save(figure, path_to_figure)


@styled
def draw(frame: pd.DataFrame, title: str) -> Figure:
    """Losses and learning rate by epoch.

    frame: a row an epoch, the columns epoch, loss, reconstruction, kl (nats an image), the same of
    images held out (test_loss or validation_loss, ...), learning_rate and seconds.
    """
    held_out = "test" if "test_loss" in frame else "validation"
    figure = sheet(
        1400,
        1000,
        "Training history",
        f"{title}   ·   {counted(len(frame), 'epoch')}, {duration(frame['seconds'].sum())}",
        layout="constrained",
    )
    panels = {
        "loss": "loss = reconstruction + β KL",
        "reconstruction": "reconstruction, −log p(x|z)",
        "kl": "KL(q(z|x) ‖ p(z))",
    }
    marker = "o" if len(frame) == 1 else "-"
    *losses, rate = figure.subplots(2, 2, sharex=True).flat
    for axes, (column, name) in zip(losses, panels.items(), strict=True):
        curves = ((column, "training", BLUE), (f"{held_out}_{column}", held_out, ORANGE))
        for key, label, colour in curves:
            last = frame[key].iloc[-1]
            axes.plot(
                frame["epoch"], frame[key], marker, color=colour, label=f"{label} {last:,.2f}"
            )
        axes.set_title(name)
        axes.set_ylabel("nats an image")
        axes.set_ylim(*_limits(frame[[key for key, *_ in curves]].to_numpy()))
        axes.legend(title="at the last epoch", alignment="left")
    rate.plot(frame["epoch"], frame["learning_rate"], marker, color=GRAY)
    rate.set_title("learning rate at the end of the epoch")
    rate.set_ylim(bottom=0)
    for axes in (*losses, rate):
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (losses[2], rate):
        axes.set_xlabel("epoch")
    return figure


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Limits for curves [epochs, K]: the first epochs may lie beyond, lest the rest be flat."""
    first = math.ceil(len(values) / 20) if len(values) > 3 else 0
    return limits(values[first:])
