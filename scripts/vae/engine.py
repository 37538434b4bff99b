"""The engine: how Keras runs the steps of a training, by network, hardware and backend."""

import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

CPUINFO = Path("/proc/cpuinfo")
FLAGS = ("amx_bf16", "avx512_bf16")  # of processors that compute with bfloat16
AMPERE = (8, 0)  # the first compute capability of GPUs that do


@dataclass(frozen=True)
class Engine:
    """How the steps are run, and why so.

    precision: of the networks; likelihood, KL, weights and optimizer are in float32 in any case.
    fused: whether layers of `scripts.vae.fused` stand in for stock ones.
    why: a sentence for each of the other fields that was chosen here and not in the config.
    """

    backend: str
    xla: bool
    precision: str
    fused: bool
    steps_per_execution: int
    why: dict[str, str]

    @property
    def computing(self) -> str:
        """What the last digits of a run's numbers depend on."""
        xla, fused = "XLA" if self.xla else "no XLA", ", fused layers" if self.fused else ""
        return f"{self.backend}, {xla}, {self.precision}{fused}"

    def __str__(self) -> str:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in self.why.items())
        return f"{self.computing}, {self.steps_per_execution} steps an execution ({reasons})"

    @property
    def stock(self) -> bool:
        """Whether the networks that are trained are those that are saved."""
        return self.precision == "float32" and not self.fused

    def compile_options(self) -> dict[str, Any]:
        """What `keras.Model.compile` takes."""
        return {"jit_compile": self.xla, "steps_per_execution": self.steps_per_execution}


def choose(networks: tuple[keras.Model, ...], run: dict[str, Any], steps: int) -> Engine:
    """The engine for the networks of a run, with `steps` steps an epoch.

    What the run's `xla` and `precision` leave to it (auto) follows from what was measured:
    docs/benchmarks.md.
    """
    convolutional = any("Conv" in type(layer).__name__ for n in networks for layer in n.layers)
    backend = keras.backend.backend()
    why = {"steps_per_execution": "spares Python's time between steps"}
    xla, precision = run["xla"], run["precision"]
    if xla == "auto":
        xla, why["xla"] = _xla(backend, convolutional)
    if precision == "auto":
        precision, why["precision"] = _precision(convolutional)
    fused = convolutional and backend == "tensorflow" and not (xla or on_gpu())
    if fused:
        why["fused"] = "oneDNN is slow at few filters, and at what follows transposed convolutions"
    most = 1 if backend == "torch" else 50  # PyTorch takes no more
    return Engine(backend, xla, precision, fused, min(most, steps), why)


def _xla(backend: str, convolutional: bool) -> tuple[bool, str]:
    if backend == "torch":
        return False, "PyTorch has none"
    if on_gpu():
        return True, "fuses small operations, on a GPU"
    if convolutional and backend == "tensorflow":
        return False, "on a CPU, its convolutions are 3 to 6 times slower than oneDNN's"
    return True, "fuses the small operations of a dense network"


def _precision(convolutional: bool) -> tuple[str, str]:
    if on_gpu():
        if _compute_capability() >= AMPERE:
            return "mixed_bfloat16", "the GPU computes with it in hardware"
        return "float32", "the GPU has no bfloat16 in hardware"
    if not convolutional:
        return "float32", "bfloat16 is no faster in dense networks on a CPU"
    if keras.backend.backend() != "tensorflow":
        return "float32", "bfloat16 on a CPU was measured with TensorFlow alone"
    if flag := _flag():
        return "mixed_bfloat16", f"the processor computes with it in hardware ({flag})"
    return "float32", "the processor has no bfloat16 in hardware"


def devices() -> list[str]:
    """The devices that the backend may train on: cpu:0, gpu:0, ..."""
    if keras.backend.backend() == "torch":  # for which Keras lists none
        import torch

        return [f"gpu:{i}" for i in range(torch.cuda.device_count())] or ["cpu:0"]
    return keras.distribution.list_devices()


def on_gpu() -> bool:
    """Whether there is a GPU that the backend can use."""
    return any(not device.startswith("cpu") for device in devices())


def use_threads(threads: int) -> None:
    """Keep to `threads` threads; to be called before anything else.

    Not under JAX, which takes one for each core that its process may run on.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
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
