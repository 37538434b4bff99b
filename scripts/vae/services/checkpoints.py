"""Checkpoints: what a training needs to go on as if it had never been interrupted.

A folder a run, which no rule declares as output, so that Snakemake's clean-up leaves it alone; in
it a folder for each `identity`, so that no configuration goes on from another one's; in that two
copies, written in turn, so that a crash while one is written leaves the other.

Neither TensorFlow nor Keras here: the number of threads has to be known before they start.
"""

import fcntl
import hashlib
import json
import logging
import os
import platform
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np

from vae.services import npz
from vae.services.cores import available_cores
from vae.services.errors import Stopped, UserError
from vae.services.files import atomic

logger = logging.getLogger(__name__)

SHARE = 0.02  # of the time may go into writing checkpoints,
LONG = 10.0  # but where an epoch takes as many seconds, each is worth one
PATIENCE = 60.0  # seconds that another process gets to stop

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def identity(run: dict[str, Any], code: str, images: str | Path) -> str:
    """Hash what the weights of a run depend on: its values, the code, the images of an npz file.

    The archive's directory has checksums of its members: nothing else is read.
    """
    try:
        with zipfile.ZipFile(images) as archive:
            members = [[m.filename, m.file_size, m.CRC] for m in archive.infolist()]
    except zipfile.BadZipFile:
        members = []  # reading the images will say it better
    text = json.dumps([run, code, members], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Checkpoints:
    """The checkpoints of a training, within a `with` block that lasts until its results are saved.

    Where the block succeeds, they are removed. On SIGTERM and SIGINT it is left with `Stopped`: at
    once where the last finished epoch is saved, else when the running one is; at the second signal
    at once in any case. After an epoch, too, where the process that started this one has ended: a
    killed Snakemake forgets its trainings, and would delete what they go on to write.

    folder: of the run, for instance results/mnist/.checkpoints/ld_2; identity: its `identity`.
    threads: that the training may use; within the block, the number that it began with.
    rows: of the history, a dict of numbers for each epoch that is behind.
    on_epoch: called with them after each epoch.

    Raises UserError where another process trains the same run and does not stop.
    """

    def __init__(
        self,
        folder: str | Path,
        identity: str,
        threads: int,
        on_epoch: Callable[[list[dict[str, float]]], None] = lambda rows: None,
    ):
        self.folder = Path(folder)
        self.threads = threads
        self.rows: list[dict[str, float]] = []
        self._on_epoch = on_epoch
        self._copies = [self.folder / identity / name for name in ("a.npz", "b.npz")]
        self._arrays: list[np.ndarray] = []
        self._computing = ""
        self._saved = 0  # epochs
        self._last = time.monotonic()
        self._cost = 0.0  # seconds that it took to write one
        self._parent = os.getppid()
        self._stopped_by = ""
        self._exit = ExitStack()

    def __enter__(self) -> "Checkpoints":
        with ExitStack() as stack:
            for number in SIGNALS:
                if signal.getsignal(number) != signal.SIG_IGN:  # as in the background of a shell
                    stack.callback(signal.signal, number, signal.signal(number, self._stop))
            self._lock(stack)
            self._load()
            self._exit = stack.pop_all()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        with self._exit:
            if kind is None:
                shutil.rmtree(self.folder, ignore_errors=True)
                with suppress(OSError):  # checkpoints of another run
                    self.folder.parent.rmdir()

    def restore(self, variables: Sequence[Any], computing: str = "") -> list[dict[str, float]]:
        """Give variables the values that they had after the last row; return `rows`, to add to.

        computing: in words, on what rounding depends beside the number of threads.
        """
        if self.rows and [v.shape for v in variables] != [a.shape for a in self._arrays]:
            logger.warning("the checkpoint is of other networks: training starts afresh")
            self.rows, self._saved = [], 0
        elif self.rows:
            for variable, array in zip(variables, self._arrays, strict=True):
                variable.assign(array)
            logger.info("resumed at epoch %d", len(self.rows) + 1)
            if computing != self._computing:
                _warn(self._computing, computing)
        self._arrays, self._computing = [], computing
        return self.rows

    def epoch_done(self, variables: Sequence[Any], last: bool) -> None:
        """Save the variables and the rows where it is time to; raise `Stopped` where it was asked.

        Not after every epoch of a fraction of a second: saving takes SHARE of the time at most.
        Where saving fails, training goes on with a warning.
        """
        self._on_epoch(self.rows)
        since = time.monotonic() - self._last
        if os.getppid() != self._parent:
            self._stopped_by = self._stopped_by or "the end of Snakemake"
        if last or self._stopped_by or since >= min(LONG, self._cost / SHARE):
            self._save(variables)
        if self._stopped_by:
            raise self._stopped()

    def _save(self, variables: Sequence[Any]) -> None:
        """Write the copy that is not the newest."""
        start = time.monotonic()
        state = {"rows": self.rows, "threads": self.threads, "computing": self._computing}
        arrays = {f"{i}": variable.numpy() for i, variable in enumerate(variables)}
        try:
            with atomic(self._copies[0]) as part:
                np.savez(part, state=np.array(json.dumps(state)), **arrays)
        except OSError as error:
            logger.warning("no checkpoint after epoch %d: %s", len(self.rows), error)
        else:
            self._copies.reverse()
            self._saved = len(self.rows)
        self._last = time.monotonic()
        self._cost = self._last - start

    def _load(self) -> None:
        """Take the newer of the copies that can be read; set aside one that cannot."""
        found = []
        for path in self._copies:
            try:
                found.append((*read(path), path))
            except FileNotFoundError:
                continue
            except MemoryError:
                raise
            except Exception as error:
                aside = path.with_name(f"damaged.{path.name}")
                logger.warning("%s is damaged (%s): set aside as %s", path, error, aside.name)
                with suppress(OSError):
                    path.replace(aside)
        if found:
            state, self._arrays, newest = max(found, key=lambda copy: len(copy[0]["rows"]))
            self.rows = state["rows"]
            self._saved = len(self.rows)
            self._copies.sort(key=lambda path: path == newest)  # the next goes to the other one
            self._computing = state["computing"]
            self._keep_to(state["threads"])

    def _keep_to(self, threads: int) -> None:
        """With another number of threads, sums are taken in another order and rounded otherwise."""
        if threads == self.threads:
            return
        if threads <= available_cores():
            logger.info("goes on with %d threads, as it began, not %d", threads, self.threads)
            self.threads = threads
        else:
            _warn(f"{threads} threads", f"{self.threads}, since this machine has no more cores")

    def _lock(self, stack: ExitStack) -> None:
        """Be the only process that trains this run.

        Until the end of an epoch, a training outlives a Snakemake that is killed. It is told to
        stop: it saves a checkpoint, and this process goes on from there.
        """
        path = self._copies[0].with_name("lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(path.open("a+", encoding="utf-8"))
            told, deadline = False, time.monotonic() + PATIENCE
            while not _locked(file):
                file.seek(0)
                pid, _, host = file.read().partition(" ")
                if time.monotonic() > deadline:
                    raise UserError(
                        f"Process {pid} on {host} trains this run and does not stop. If a "
                        f"Snakemake that was killed left it behind, end it («kill -9 {pid}» there) "
                        "and type the same command again."
                    )
                if not told and host == platform.node():
                    logger.info("process %s still trains this run: telling it to stop", pid)
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGTERM)
                    told = True
                time.sleep(0.2)
            file.truncate(0)
            file.write(f"{os.getpid()} {platform.node()}")
            file.flush()
        except OSError as error:
            logger.warning("%s cannot be locked: %s", path, error)

    def _stop(self, number: int, frame: Any) -> None:
        """Signal handler: between two groups of batches, since Python runs none within."""
        again, self._stopped_by = self._stopped_by, signal.Signals(number).name
        if again or self._saved == len(self.rows):
            raise self._stopped()

    def _stopped(self) -> Stopped:
        after = f"after epoch {len(self.rows)}" if self.rows else "before the end of epoch 1"
        on = f"goes on after epoch {self._saved}" if self._saved else "starts afresh"
        return Stopped(f"Stopped by {self._stopped_by} {after}. The same command {on}.")


def read(path: str | Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """What a checkpoint holds: rows of the history and number of threads; arrays.

    Raises FileNotFoundError, or anything else where the file is damaged.
    """
    named = npz.read(path)
    state = json.loads(named.pop("state").item())
    arrays = [named[f"{i}"] for i in range(len(named))]
    epochs = [row["epoch"] for row in state["rows"]]
    if not epochs or epochs != [*range(1, len(epochs) + 1)] or not state["threads"] >= 1:
        raise ValueError(f"epochs {epochs}, {state['threads']} threads")
    state["computing"] = str(state["computing"])
    return state, arrays


def _locked(file: Any) -> bool:
    """Whether this process got the lock; the system frees it when its holder ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _warn(before: str, now: str) -> None:
    logger.warning(
        "began with %s and goes on with %s: the numbers will differ from those of an uninterrupted "
        "run by rounding",
        *(before, now),
    )
