"""A process that trains one network on one engine, an epoch whenever it is told to.

python -m benchmarks.worker JOB, where JOB is JSON: kind and options of the engine, run,
image_shape, images, threads. It trains an epoch to warm up, answers, and then trains another one
for each line that it reads. An answer is a line of JSON: `work`, images or floating-point
operations of an epoch; `seconds` that it took; `peak_mb`, the most memory that the process has
held; `versions`.
"""

import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

N = 2048  # rows of the matrices whose product shows the machine's limit: 48 MB of them
PRODUCTS = 10  # an epoch
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss


class Gate:
    """Answers after an epoch, and waits to be told to let the next one through."""

    def __init__(self, work: float):
        self.work = work
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # what libraries print is no answer
        self._start = time.perf_counter()

    def epoch_done(self) -> None:
        """Leave the process where nobody asks for more."""
        seconds = time.perf_counter() - self._start
        answer = {
            "work": self.work,
            "seconds": seconds,
            "peak_mb": peak_memory(),
            "versions": versions(),
        }
        print(json.dumps(answer), file=self._answers, flush=True)
        if not sys.stdin.readline():
            raise SystemExit
        self._start = time.perf_counter()


def ours(pixels: np.ndarray, run: dict[str, Any], gate: Gate, threads: int) -> None:
    """This project, on images of which one is held out."""
    from vae.data.images import Images, Split
    from vae.plan.run_settings import RunSettings

    labels = np.zeros(len(pixels), np.int64)
    # One test image: its loss is part of an epoch here, and the peers measure none.
    data = Images(Split(pixels, labels), Split(pixels[:1], labels[:1]), ())
    train(data, RunSettings(**run), gate, threads)


def train(data: Any, run: Any, gate: Gate, threads: int) -> None:
    """Train on `Images` as the rule `train` does it, except that checkpoints wait at the gate."""
    from vae.services.checkpoints import Checkpoints
    from vae.training import engine, fit

    class Gated(Checkpoints):
        def epoch_done(self, variables: Any, last: bool) -> None:
            gate.epoch_done()

    chosen = engine.start(run, threads)
    with tempfile.TemporaryDirectory() as folder:
        fit.train(data, run, chosen, Gated(folder, "bench", threads))


def port(
    pixels: np.ndarray, run: dict[str, Any], gate: Gate, threads: int, **options: bool
) -> None:
    """Keras's defaults, on the backend that the environment names, with options of port.fit."""
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
    from benchmarks import port

    port.fit(pixels, run, gate.epoch_done, **options)


def torch(
    pixels: np.ndarray, run: dict[str, Any], gate: Gate, threads: int, **options: bool
) -> None:
    """PyTorch, with options of pytorch.fit."""
    import torch

    from benchmarks import pytorch

    torch.set_num_threads(threads)
    pytorch.fit(pixels, run, gate.epoch_done, **options)


def gemm(gate: Gate, threads: int, dtype: str) -> None:
    """Products of square matrices: NumPy's of float32, TensorFlow's (oneDNN) of bfloat16."""
    a, b = np.random.default_rng(0).standard_normal((2, N, N), np.float32)
    if dtype == "float32":
        multiply = a.__matmul__
    else:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        a, b = tf.cast(a, dtype), tf.cast(b, dtype)
        multiply = tf.function(lambda b: tf.linalg.matmul(a, b))
    while True:
        for _ in range(PRODUCTS):
            multiply(b)
        gate.epoch_done()


def peak_memory() -> float:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # what ru_maxrss says there may be of the process that started this one
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].removesuffix("kB")) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1e6


def versions() -> dict[str, str]:
    """Of Python, and of what this process has imported of the packages that matter."""
    names = ("keras", "tensorflow", "jax", "torch", "numpy")
    loaded = {name: sys.modules[name].__version__ for name in names if name in sys.modules}
    return {"python": platform.python_version()} | loaded


def keep_to(threads: int) -> None:
    """Let this process have so many cores: not every engine can be told how many threads."""
    if hasattr(os, "sched_setaffinity"):  # not on macOS
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def main(job: dict[str, Any]) -> None:
    """Train until standard input ends."""
    threads, options = job["threads"], job["options"]
    keep_to(threads)
    if job["kind"] == "gemm":
        gemm(Gate(PRODUCTS * 2 * N**3), threads, **options)
    gate = Gate(job["images"])
    shape = (job["images"], *job["image_shape"])
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    engine: Callable[..., None] = {"ours": ours, "port": port, "torch": torch}[job["kind"]]
    # More epochs than anybody asks for, so that a schedule does not end.
    engine(pixels, job["run"] | {"epochs": 10_000}, gate, threads, **options)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
