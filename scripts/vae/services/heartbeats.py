"""Heartbeats: a small file that says where a training is, for `python scripts/status.py`.

Neither NumPy nor TensorFlow here: the status is to be there in under a second.
"""

import json
import os
import platform
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vae.services.errors import Stopped
from vae.services.files import atomic

SELDOM = 2.0  # seconds between two writes: the folder may be on a network file system


@dataclass
class State:
    """Where a training is.

    epochs: 0 until it is known; epoch: the last one that ended; loss: its loss, in nats an image;
    images_per_second: of a whole epoch, its test included; left: seconds; error: what it failed
    with; stopped: whether it was asked to end and did; job: its number on a Slurm cluster; time: of
    the last sign of life, in seconds since 1970.
    """

    epochs: int
    epoch: int = 0
    loss: float | None = None
    images_per_second: float | None = None
    left: float | None = None
    error: str = ""
    stopped: bool = False
    host: str = field(default_factory=platform.node)
    pid: int = field(default_factory=os.getpid)
    job: str = field(default_factory=lambda: os.environ.get("SLURM_JOB_ID", ""))
    time: float = field(default_factory=time.time)

    @property
    def alive(self) -> bool:
        """Whether the process is still there, as far as can be seen from this machine."""
        if self.error or self.stopped:
            return False
        if self.host != platform.node():
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # somebody else's
            pass
        return True


class Heartbeat:
    """Keeps the file of a training, within a `with` block that lasts as long as it does.

    Where the block succeeds, the file is removed; where it fails, it says with what. A file that
    cannot be written is no reason to stop a training.

    path: for instance results/mnist/ld_2/logs/heartbeat.json.
    images: that an epoch trains on, to be set once it is known, like `state.epochs`.
    """

    def __init__(self, path: str | Path, epochs: int = 0):
        self.path = Path(path)
        self.state = State(epochs)
        self.images = 0
        self._written = float("-inf")

    def __enter__(self) -> "Heartbeat":
        self._write()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return
        if issubclass(kind, Stopped):
            self.state.stopped = True
        else:
            self.state.error = next(iter(str(error).splitlines()), "") or kind.__name__
        self._write()

    def epoch_done(self, rows: list[dict[str, float]]) -> None:
        """Note the last row of the history that a training writes: epoch, loss and seconds."""
        last, seconds = rows[-1], [row["seconds"] for row in rows[-10:]]
        mean = sum(seconds) / len(seconds)
        self.state.epoch, self.state.loss = int(last["epoch"]), float(last["loss"])
        self.state.left = mean * (self.state.epochs - self.state.epoch)
        self.state.images_per_second = self.images / mean if mean else None
        if time.monotonic() - self._written > SELDOM:
            self._write()

    def _write(self) -> None:
        self.state.time = time.time()
        with suppress(OSError), atomic(self.path) as part:
            part.write_text(json.dumps(asdict(self.state)) + "\n", encoding="utf-8")
        self._written = time.monotonic()


def read(path: str | Path) -> State | None:
    """The state of a training; None where there is no file, or one that makes no sense."""
    try:
        return State(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError):
        return None
