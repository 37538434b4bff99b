"""The engine: how Keras runs the steps of a training, by hardware and backend."""

import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

CPUINFO = Path("/proc/cpuinfo")
FLAGS = ("amx_bf16", "avx512_bf16")  # of processors that compute with bfloat16
AMPERE = (8, 0)  # the first compute capability of GPUs that do
SHARD = 32  # images at least: with fewer, matrix products are slow


@dataclass(frozen=True)
class Engine:
    """How the steps are run, and why so.

    precision: of the networks; likelihood, KL, weights and optimizer are in float32 in any case.
    fused: whether layers of `cpu_layers` stand in for stock ones, where there are such.
    shards: of a batch, each computed by threads of its own.
    steps_per_execution: at most; an epoch may have fewer.
    why: a sentence for each of the other fields that was chosen here and not in the config.
    """

    backend: str
    xla: bool
    precision: str
    fused: bool
    shards: int
    steps_per_execution: int
    why: dict[str, str]

    @property
    def computing(self) -> str:
        """What the last digits of a run's numbers depend on."""
        xla, fused = "XLA" if self.xla else "no XLA", ", fused layers" if self.fused else ""
        shards = f", batches in {self.shards} shards" if self.shards > 1 else ""
        return f"{self.backend}, {xla}, {self.precision}{fused}{shards}"

    def __str__(self) -> str:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in self.why.items())
        steps = f"up to {self.steps_per_execution} steps an execution"
        return f"{self.computing}, {steps} ({reasons})"

    @property
    def stock(self) -> bool:
        """Whether the networks that are trained are those that are saved."""
        return self.precision == "float32" and not self.fused

    def compile_options(self, steps: int) -> dict[str, Any]:
        """What `keras.Model.compile` takes, for epochs of so many steps."""
        return {
            "jit_compile": self.xla,
            "steps_per_execution": min(self.steps_per_execution, steps),
        }


def choose(run: dict[str, Any], threads: int) -> Engine:
    """The engine for a run that may use so many threads.

    What the run's `xla` and `precision` leave to it (auto) follows from what was measured:
    docs/benchmarks.md.
    """
    backend = keras.backend.backend()
    why = {"steps_per_execution": "spares Python's time between steps"}
    xla, precision = run["xla"], run["precision"]
    if xla == "auto":
        xla, why["xla"] = _xla(backend)
    if precision == "auto":
        precision, why["precision"] = _precision(backend, xla)
    fused, shards = backend == "tensorflow" and not (xla or on_gpu()), 1
    if fused:
        why["fused"] = "oneDNN is slow at few filters, and at what follows transposed convolutions"
        shards = _shards(threads, run["batch_size"])
        if shards > 1:
            why["shards"] = "threads that share an operation wait for each other"
    most = 1 if backend == "torch" else 50  # PyTorch takes no more
    return Engine(backend, xla, precision, fused, shards, most, why)


def _xla(backend: str) -> tuple[bool, str]:
    if backend == "torch":
        return False, "PyTorch has none"
    if on_gpu():
        return True, "fuses small operations, on a GPU"
    if backend == "tensorflow":
        return False, "on a CPU, oneDNN's convolutions and matrix products are faster"
    return True, "fuses small operations"


def _precision(backend: str, xla: bool) -> tuple[str, str]:
    if on_gpu():
        if _compute_capability() >= AMPERE:
            return "mixed_bfloat16", "the GPU computes with it in hardware"
        return "float32", "the GPU has no bfloat16 in hardware"
    if backend != "tensorflow":
        return "float32", "bfloat16 on a CPU was measured with TensorFlow alone"
    if xla:
        return "float32", "on a CPU, XLA has no matrix products in bfloat16"
    if flag := _flag():
        return "mixed_bfloat16", f"the processor computes with it in hardware ({flag})"
    return "float32", "the processor has no bfloat16 in hardware"


def _shards(threads: int, batch_size: int) -> int:
    """As many as threads, or an equal share of them each where these were too small."""
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


def start(run: dict[str, Any], threads: int) -> Engine:
    """Choose the engine for a run, and keep to its threads: before anything is computed."""
    chosen = choose(run, threads)
    use_threads(threads, chosen.shards)
    return chosen


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
    """Of the first GPU; (0, 0) where it has none that is known."""
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            gpu = tf.config.list_physical_devices("GPU")[0]
            found = tf.config.experimental.get_device_details(gpu).get("compute_capability")
        case "torch":
            import torch

            found = torch.cuda.get_device_capability()
        case _:
            import jax

            found = getattr(jax.devices()[0], "compute_capability", "0.0").split(".")
    major, minor = found or (0, 0)
    return int(major), int(minor)


def _flag() -> str:
    """The flag of /proc/cpuinfo that promises bfloat16; empty where there is none."""
    if not CPUINFO.exists():  # not Linux
        return ""
    line = next((s for s in CPUINFO.read_text().splitlines() if s.startswith("flags")), "")
    return next((flag for flag in FLAGS if flag in line.split()), "")
