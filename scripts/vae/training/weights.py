"""The weights of a run as a file that another one can start with."""

from pathlib import Path

import numpy as np
from keras import ops

from vae.services import npz
from vae.services.errors import UserError, reading
from vae.services.files import atomic
from vae.training.elbo import Bound


def save(vae: Bound, path: str | Path) -> None:
    """Write all that training changes, in an order that follows from the run's settings."""
    arrays = {f"{i}": ops.convert_to_numpy(v) for i, v in enumerate(vae.trainable_variables)}
    with atomic(path) as part:
        np.savez(part, **arrays)


def load(vae: Bound, path: str | Path) -> None:
    """Give a VAE the weights of a file that `save` wrote.

    Raises UserError if the file is damaged, or they are those of another network.
    """
    with reading(path):
        named = npz.read(path)
        arrays = [named[f"{i}"] for i in range(len(named))]
    variables = vae.trainable_variables
    if [tuple(v.shape) for v in variables] != [array.shape for array in arrays]:
        raise UserError(
            f"{path} has the weights of another network. Train that run again, or leave init_from "
            "out in config/config.yaml."
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
