"""What is measured: networks of configured runs at the sizes of their images; engines."""

import argparse
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from benchmarks import ROOT
from vae.plan import loading
from vae.plan.loading import load, merged, read
from vae.plan.run_settings import RunSettings
from vae.plan.runs import Settings, resolve
from vae.training.defaults import resolved

MANY = 60_000  # images
FILES = [ROOT / file for file in loading.FILES]


@dataclass(frozen=True)
class Case:
    """The first run of a configured dataset, on images of its size.

    images: of an epoch. few: of an epoch of a slow engine; 0 where even a batch takes minutes and
    it is left out. changes: of the run. ported: whether there is a straight port.
    """

    dataset: str
    image_shape: tuple[int, int, int]
    images: int
    few: int
    changes: dict[str, Any] = field(default_factory=dict)
    ported: bool = True

    @property
    def run(self) -> dict[str, Any]:
        """The values of the run, as the workflow would train it."""
        return first_run(self.dataset, self.changes)


CASES = {
    "mlp": Case("mnist", (28, 28, 1), 60_000, 60_000),
    "conv32": Case("cifar10", (32, 32, 3), 5_120, 1_280),
    "conv92": Case("caltech101_92", (92, 92, 3), 1_024, 256),
    "conv128": Case("caltech101_128", (128, 128, 3), 512, 0),
    "flow": Case(
        *("mnist", (28, 28, 1), 30_000, 0), {"latent_dim": 20, "prior": "flow"}, ported=False
    ),
    "ladder": Case(
        *("mnist", (28, 28, 1), 5_120, 0),
        {"model": "ladder", "latent_dim": 32, "batch_size": 128, "intermediate_dim": 256},
        ported=False,
    ),
    "spatial": Case(
        *("cifar10", (32, 32, 3), 10_240, 0),
        {"model": "spatial", "latent_dim": 512, "filters": 64, "intermediate_dim": None},
        ported=False,
    ),
}


@dataclass(frozen=True)
class Engine:
    """One way to train: what `worker` calls, and with which options.

    peer: in the peers' environment. slow: takes `few` images an epoch. convolutional: shows
    something of convolutions alone.
    """

    title: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    backend: str = "tensorflow"
    peer: bool = False
    slow: bool = False
    convolutional: bool = False


def _torch(title: str, convolutional: bool = False, **options: bool) -> Engine:
    return Engine(title, "torch", options, peer=True, convolutional=convolutional)


LAST = {"channels_last": True}
XLA = {"xla": True}  # what Keras chooses by itself as soon as there is a GPU
ENGINES = {
    "ours": Engine("this project", "ours"),
    "port": Engine("straight port, Keras on TensorFlow", "port"),
    "port_xla": Engine(
        "straight port, Keras on TensorFlow with XLA", "port", XLA, slow=True, convolutional=True
    ),
    "port_jax": Engine("straight port, Keras on JAX", "port", backend="jax", peer=True, slow=True),
    "torch": _torch("PyTorch, eager"),
    "torch_channels_last": _torch("PyTorch, eager, channels last", True, **LAST),
    "torch_compile": _torch("PyTorch, compiled, channels last", **LAST, compiled=True),
    "torch_bfloat16": _torch("PyTorch, eager, channels last, bfloat16", **LAST, half=True),
    "torch_compile_bfloat16": _torch(
        "PyTorch, compiled, channels last, bfloat16", **LAST, compiled=True, half=True
    ),
    "gemm_float32": Engine("limit: float32 matrix products", "gemm", {"dtype": "float32"}),
    "gemm_bfloat16": Engine("limit: bfloat16 matrix products", "gemm", {"dtype": "bfloat16"}),
}
# Those of PyTorch that compute what ours does in float32: the best of them counts.
TORCH = ("torch", "torch_channels_last", "torch_compile")


def engines(case: Case, names: list[str]) -> list[str]:
    """Those that differ from others in this case, and are not too slow for it."""
    dense = case.run["model"] == "mlp"
    return [
        name
        for name in names
        if not (ENGINES[name].convolutional and dense)
        and not (ENGINES[name].slow and not case.few)
        and (case.ported or ENGINES[name].kind != "port")
    ]


def settings() -> Settings:
    """config/config.yaml, resolved."""
    return load(paths=FILES)


def first_run(dataset: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The values of the first configured run of a dataset, with other values for some keys."""
    config = merged([*read(*FILES), {"datasets": {dataset: {"variants": []} | changes}}])
    runs = resolve(config | {"datasets": {dataset: config["datasets"][dataset]}}).runs[dataset]
    return settled(next(iter(runs.values())).values).model_dump(exclude_none=True)


def settled(values: dict[str, Any]) -> RunSettings:
    """The settings of a run as a training on many images takes them."""
    return resolved(RunSettings(**values), MANY, False)


def some_of(known: Collection[str]) -> Callable[[str], list[str]]:
    """A type for argparse: names with commas between them."""

    def names(text: str) -> list[str]:
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return chosen

    return names
