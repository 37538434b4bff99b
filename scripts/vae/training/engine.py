"""The engine: how Keras runs the steps of a training, by hardware and backend."""

import logging
import os
import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

from vae.plan.run_settings import RunSettings
from vae.services import engine_reasons as reasons
from vae.services import gpus

logger = logging.getLogger(__name__)

CPUINFO = Path("/proc/cpuinfo")
FLAGS = ("amx_bf16", "avx512_bf16")  # of processors that compute with bfloat16
AMPERE = (8, 0)  # the first compute capability of GPUs that do
SHARD = 32  # images at least: with fewer, matrix products are slow


@dataclass(frozen=True)
class Engine:
    """How the steps are run, and why so.

    precision: of the networks; likelihood, KL, weights and optimizer are in float32 in any case.
    cpu_layers: whether layers of that module stand in for stock ones.
    shards: of a batch, each computed by threads of its own.
    steps_per_execution: at most; an epoch may have fewer.
    why: a sentence for each of the other fields that was chosen here and not in the config.
    """

    backend: str
    xla: bool
    precision: str
    cpu_layers: bool
    shards: int
    steps_per_execution: int
    why: dict[str, str]

    @property
    def computing(self) -> str:
        """What the last digits of a run's numbers depend on."""
        xla = "XLA" if self.xla else "no XLA"
        layers = ", CPU layers" if self.cpu_layers else ""
        shards = f", batches in {self.shards} shards" if self.shards > 1 else ""
        return f"{self.backend}, {xla}, {self.precision}{layers}{shards}"

    def __str__(self) -> str:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in self.why.items())
        steps = f"up to {self.steps_per_execution} steps an execution"
        return f"{self.computing}, {steps} ({reasons})"

    @property
    def stock(self) -> bool:
        """Whether the networks that are trained are those that are saved."""
        return self.precision == "float32" and not self.cpu_layers

    def compile_options(self, steps: int) -> dict[str, Any]:
        """What `keras.Model.compile` takes, for epochs of so many steps."""
        return {
            "jit_compile": self.xla,
            "steps_per_execution": min(self.steps_per_execution, steps),
        }


def choose(run: RunSettings, threads: int) -> Engine:
    """The engine for a run that may use so many threads.

    What the run's `xla` and `precision` leave to it (auto) follows from what was measured:
    docs/engine-notes.md.
    """
    backend = keras.backend.backend()
    why = {"steps_per_execution": reasons.STEPS}
    xla, precision = run.xla, run.precision
    if xla == "auto":
        xla, why["xla"] = _xla(backend)
    if precision == "auto":
        precision, why["precision"] = _precision(backend, xla)
    cpu_layers, shards = backend == "tensorflow" and not (xla or on_gpu()), 1
    if cpu_layers:
        why["cpu_layers"] = reasons.LAYERS
        shards = _shards(threads, run.batch_size)
        if shards > 1:
            why["shards"] = reasons.SHARDS
    most = 1 if backend == "torch" else 50  # PyTorch takes no more
    return Engine(backend, xla, precision, cpu_layers, shards, most, why)


def _xla(backend: str) -> tuple[bool, str]:
    if backend == "torch":
        return False, reasons.NO_XLA_IN_TORCH
    if on_gpu():
        return True, reasons.XLA_ON_GPU
    if backend == "tensorflow":
        return False, reasons.NO_XLA_ON_CPU
    return True, reasons.XLA


def _precision(backend: str, xla: bool) -> tuple[str, str]:
    if on_gpu():
        if _compute_capability() >= AMPERE:
            return "mixed_bfloat16", reasons.BFLOAT16_ON_GPU
        return "float32", reasons.NO_BFLOAT16_ON_GPU
    if backend != "tensorflow":
        return "float32", reasons.BFLOAT16_UNMEASURED
    if xla:
        return "float32", reasons.NO_BFLOAT16_IN_XLA
    if flag := _flag():
        return "mixed_bfloat16", reasons.BFLOAT16_ON_CPU.format(flag=flag)
    return "float32", reasons.NO_BFLOAT16_ON_CPU


def _shards(threads: int, batch_size: int) -> int:
    """One shard per thread; fewer, of as many threads each, if a shard would be too small."""
    most = min(threads, batch_size // SHARD)
    return max((n for n in range(1, most + 1) if threads % n == 0), default=1)


def devices() -> list[str]:
    """The devices that the backend may train on: cpu:0, gpu:0, ..."""
    if keras.backend.backend() == "torch":  # for which Keras lists none
        import torch

        return [f"gpu:{i}" for i in range(torch.cuda.device_count())] or ["cpu:0"]
    if keras.backend.backend() == "tensorflow":  # which Keras would start, threads and all
        import tensorflow as tf

        names = [device.name for device in tf.config.list_physical_devices()]
        return [name.removeprefix("/physical_device:").lower() for name in names]
    return keras.distribution.list_devices()


def on_gpu() -> bool:
    """Whether there is a GPU that the backend can use."""
    return any(not device.startswith("cpu") for device in devices())


def start(run: RunSettings, threads: int) -> Engine:
    """Choose the engine for a run, and keep to its threads: before anything is computed."""
    engine = choose(run, threads)
    use_threads(threads, engine.shards)
    return engine


def use_threads(threads: int, shards: int = 1) -> None:
    """Keep to `threads` threads, an equal share of them for each shard of a batch.

    To be called before anything is computed. Not under JAX, which takes a thread for each core that
    its process may run on.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads // shards)
        tf.config.threading.set_inter_op_parallelism_threads(shards)
    elif keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(threads)


def use_gpus() -> None:
    """Let TensorFlow take GPU memory as it needs it, not all at once; say where it trains.

    Nothing under another backend of Keras.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    for gpu in devices:
        tf.config.experimental.set_memory_growth(gpu, True)
    visible = os.environ.get(gpus.VISIBLE)
    if devices:
        name = tf.config.experimental.get_device_details(devices[0]).get("device_name")
        logger.info("trains on the GPU %s (%s=%s)", name, gpus.VISIBLE, visible)
    elif remedy := gpus.unusable(visible, gpus.listed(), tf.test.is_built_with_cuda()):
        logger.warning("%s", remedy)


def environment(engine: Engine) -> dict[str, Any]:
    """What a run's numbers may depend on beside its values: engine, machine, versions."""
    packages = [engine.backend, "keras", "numpy", "onnx", "onnxruntime", "tf2onnx"]
    names = metadata.packages_distributions()
    return {
        "engine": asdict(engine),
        "devices": devices(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()}
        | {name: metadata.version(names[name][0]) for name in packages if name in names},
    }


def _compute_capability() -> tuple[int, int]:
    """Of the first GPU; (0, 0) if it is unknown."""
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            gpu = tf.config.list_physical_devices("GPU")[0]
            capability = tf.config.experimental.get_device_details(gpu).get("compute_capability")
        case "torch":
            import torch

            capability = torch.cuda.get_device_capability()
        case _:
            import jax

            capability = getattr(jax.devices()[0], "compute_capability", "0.0").split(".")
    major, minor = capability or (0, 0)
    return int(major), int(minor)


def _flag() -> str:
    """The flag of /proc/cpuinfo that promises bfloat16; empty where there is none."""
    if not CPUINFO.exists():  # not Linux
        return ""
    line = next((s for s in CPUINFO.read_text().splitlines() if s.startswith("flags")), "")
    return next((flag for flag in FLAGS if flag in line.split()), "")
