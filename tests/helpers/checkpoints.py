"""Trainings without a network, whose variables are the number of the epoch."""

import numpy as np
import pytest

from tests.helpers import Crash
from vae.services.checkpoints import Checkpoints


class Variable:
    """What checkpoints know of a Keras variable."""

    def __init__(self, value):
        self.value = np.asarray(value)

    @property
    def shape(self):
        return self.value.shape

    def numpy(self):
        return self.value

    def assign(self, value):
        self.value = value


def variables(value):
    """Some of several shapes and types, filled with a value."""
    return [
        Variable(np.full((2, 3), value, np.float32)),
        Variable(np.array([1, value], np.uint32)),
        Variable(np.int64(value)),
    ]


def opened(tmp_path, key="key", threads=1):
    """The checkpoints of a run, to be entered."""
    return Checkpoints(tmp_path / ".checkpoints" / "ld_2", key, threads)


def train(kept, last):
    """Epochs up to the last, in which the variables become the number of the epoch."""
    for epoch in range(len(kept.rows) + 1, last + 1):
        kept.rows.append({"epoch": epoch, "loss": 0.1 * epoch})
        kept.epoch_done(variables(epoch), last=False)


def interrupted(tmp_path, epochs, **options):
    """Leave behind what a training leaves that is killed after so many epochs."""
    with pytest.raises(Crash), opened(tmp_path, **options) as kept:
        train(kept, epochs)
        raise Crash


def restored(tmp_path, **options):
    """The epochs that a new training finds behind it, and the value of its variables."""
    with pytest.raises(Crash), opened(tmp_path, **options) as kept:
        fresh = variables(0)
        rows = kept.restore(fresh)
        for old, new in zip(variables(len(rows)), fresh, strict=True):
            assert old.value.dtype == new.value.dtype
            np.testing.assert_array_equal(old.value, new.value)
        assert rows == [{"epoch": i, "loss": 0.1 * i} for i in range(1, len(rows) + 1)]
        raise Crash
    return len(rows)
