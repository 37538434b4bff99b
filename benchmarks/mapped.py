"""Seconds of whole epochs, with images mapped from images.npz and with all of them in memory.

python -m benchmarks mapped results/cifar10/images.npz [--model resnet] [--rounds 9]

Two processes train the same run and take turns, an epoch each; shuffling, mirroring and the images
held out are part of an epoch. With `--only mapped` there is one. For a file larger than the memory
that a job may use, under a limit of the system's that counts the page cache as a cluster's does:

systemd-run --user --scope -p MemoryMax=2500M -p MemorySwapMax=0 \
    python -m benchmarks mapped FILE --only mapped --rounds 2
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from benchmarks.cases import settled
from benchmarks.worker import Gate, train
from benchmarks.workers import Worker, alternate, module
from vae.data import images
from vae.data.images import Split
from vae.plan import runs
from vae.plan.run_settings import MODELS, RunSettings

KINDS = ("mapped", "array")
THREADS = 2
SOURCES = {1: {"format": "idx"}, 3: {"format": "cifar10"}}  # by channels: for the likelihood
TERMS = {"licence": "", "citation": ""}


def work(path: str, kind: str, model: str) -> None:
    """Train, an epoch for each line of standard input, until that ends; answer as `Gate` does."""
    data = images.load(path, shuffled=True)
    settings = run(data.shape[2], model)
    if kind == "array":
        data = replace(data, train=_in_memory(data.train), test=_in_memory(data.test))
    train(data, settings, Gate(len(data.train)), THREADS)


def run(channels: int, model: str) -> RunSettings:
    """What is trained; mirrored if in colour."""
    dataset = {"source": "it", "latent_dim": 32, "model": model, "epochs": 10_000}
    config = {
        "datasets": {"it": dataset | {"flip": channels == 3}},
        "sources": {"it": SOURCES[channels] | TERMS},
    }
    return settled(runs.resolve(config).runs["it"]["ld_32"].values)


def _in_memory(split: Split) -> Split:
    return replace(split, pixels=np.array(split.pixels))


def main(arguments: Sequence[str]) -> None:
    """Print a line for each kind, and how many times as fast mapped images are."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks mapped", description=__doc__.splitlines()[0]
    )
    parser.add_argument("images", help="an images.npz")
    parser.add_argument("--model", choices=MODELS, default="resnet")
    parser.add_argument("--rounds", type=int, default=9, help="epochs of each, after a first one")
    parser.add_argument("--only", choices=KINDS, help="one kind alone")
    parser.add_argument("--work", choices=KINDS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        work(options.images, options.work, options.model)
        return
    settings = (options.images, "--model", options.model, "--work")
    with ExitStack() as stack:
        workers = {
            kind: stack.enter_context(Worker(module(None, "benchmarks.mapped", *settings, kind)))
            for kind in ([options.only] if options.only else KINDS)
        }
        for kind, worker in workers.items():
            answer = worker.answer()
            print(f"{kind}: {answer['work']:,} images, {answer['seconds']:.1f} s until the first")
        answers = alternate(workers, options.rounds)
    seconds = {kind: [answer["seconds"] for answer in rows] for kind, rows in answers.items()}
    for kind, values in seconds.items():
        median, low, high = statistics.median(values), min(values), max(values)
        print(f"{kind}: {median:.2f} s an epoch, {low:.2f} to {high:.2f}")
    if len(seconds) == len(KINDS):
        ratio = statistics.median(seconds["array"]) / statistics.median(seconds["mapped"])
        print(f"mapped is {ratio:.3f} times as fast")


if __name__ == "__main__":
    main(sys.argv[1:])
