"""Event files of a training, for TensorBoard: its losses, and images that it would generate.

Nothing that a training gives depends on them.
"""

import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np

from vae.models.inputs import joined
from vae.services.errors import UserError
from vae.training.elbo import Bound
from vae.training.export import networks

EVERY = 5  # epochs, by default, between two sets of samples
SIDE = 6  # samples along a side
HELD_OUT = ("test", "validation")


def event_files(
    folder: str | Path, tensorboard: bool | int, behind: Sequence[dict[str, float]]
) -> "EventFiles | None":
    """What `fit.train` calls after an epoch to write event files; None if none are asked for.

    tensorboard: whether they are, with samples every EVERY epochs, or every so many; behind: rows
    of the history that an interrupted training has. Without any, what is in the folder is of
    another training, and is removed.

    Raises UserError where the package that writes them is missing.
    """
    if not tensorboard:
        return None
    if not find_spec("tensorboard"):
        raise UserError(
            "`tensorboard` in config/config.yaml asks for event files, but the package that writes "
            'them is not installed. Run ".venv/bin/pip install tensorboard", or remove the key.'
        )
    if not behind:
        shutil.rmtree(folder, ignore_errors=True)
    return EventFiles(folder, EVERY if tensorboard is True else tensorboard)


class EventFiles:
    """Writes a training's losses after each epoch, and samples every so many.

    A folder each for training images and for those held out, so that TensorBoard draws both losses
    in one chart. Samples are of the same z from N(0, I) each time, and in the former.
    """

    def __init__(self, folder: str | Path, every: int):
        import tensorflow as tf

        if keras.backend.backend() != "tensorflow":
            tf.config.set_visible_devices([], "GPU")  # it would take all of a GPU's memory
        self._summary = tf.summary
        self._folder, self._every = Path(folder), every
        self._writers = {}

    def __call__(self, row: dict[str, float], current: Callable[[], Bound]) -> None:
        """Add an epoch: its row of the history, and what gives the VAE of now."""
        held_out = next(name for name in HELD_OUT if f"{name}_loss" in row)
        values = {"train": {}, held_out: {}}
        for column, value in row.items():
            name = column.removeprefix(f"{held_out}_")
            if column != "epoch":
                values["train" if name == column else held_out][name] = value
        for part, scalars in values.items():
            with self._writer(part).as_default(step=row["epoch"]):
                for name, value in scalars.items():
                    self._summary.scalar(name, value)
                if part == "train" and row["epoch"] % self._every == 0:
                    self._summary.image("samples", samples(current())[None])
            self._writer(part).flush()

    def _writer(self, part: str):
        if part not in self._writers:
            path = str(self._folder / part)
            self._writers[part] = self._summary.create_file_writer(path)
        return self._writers[part]


def samples(vae: Bound) -> np.ndarray:
    """Mean images of SIDE x SIDE codes from N(0, I), always the same: [SIDE H, SIDE W, C].

    Those of a conditional model have its classes in turn.
    """
    decoder = networks(vae).decoder
    count = SIDE**2
    z = np.random.default_rng(0).standard_normal((count, vae.latent_size), np.float32)
    label = None
    if decoder.inputs[1:]:
        classes = decoder.inputs[1].shape[1]
        label = np.eye(classes, dtype=np.float32)[np.arange(count) % classes]
    mean = keras.ops.convert_to_numpy(decoder(joined(z, label))["mean"])
    height, width, channels = mean.shape[1:]
    grid = mean.reshape(SIDE, SIDE, height, width, channels).swapaxes(1, 2)
    return grid.reshape(SIDE * height, SIDE * width, channels)
