"""What checkpoints cost: epochs of the run ld_2 of MNIST with a checkpoint after each, and without.

python -m benchmarks.checkpoints results/mnist/images.npz [rounds]
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.cases import settled
from vae.data import images
from vae.plan import runs
from vae.services.checkpoints import Checkpoints

THREADS = 2
BLOCK = 4  # epochs in a row, with checkpoints or without: what one writes, the disk takes later
RUN = {"source": "mnist", "latent_dim": 2}
SOURCE = {"format": "idx", "licence": "", "citation": ""}


class Timed(Checkpoints):
    """Checkpoints in every other block of epochs, and how long epochs and saving took."""

    def __init__(self, folder: str):
        super().__init__(folder, "bench", threads=THREADS)
        self.costs: list[float] = []
        self.epochs: list[float] = []
        self._end = 0.0

    def epoch_done(self, variables: Sequence[Any], last: bool) -> None:
        """Save in the third block, the fifth, ...: in the first one, the network is compiled."""
        start = time.perf_counter()
        block = len(self.epochs) // BLOCK
        if block % 2 == 0 and block:
            super().epoch_done(variables, last=True)
            self.costs.append(time.perf_counter() - start)
        now = time.perf_counter()
        self.epochs.append(now - self._end)
        self._end = now


def main(path: str, rounds: int = 9) -> None:
    """Train once; print a line for each block with checkpoints, beside those before and after."""
    from vae.training import engine, fit

    data = images.load(path)
    run = RUN | {"epochs": (2 * rounds + 2) * BLOCK}
    settings = runs.resolve({"datasets": {"mnist": run}, "sources": {"mnist": SOURCE}})
    run = settled(settings.runs["mnist"]["ld_2"].values)
    chosen = engine.start(run, THREADS)
    with tempfile.TemporaryDirectory() as folder, Timed(f"{folder}/run") as kept:
        fit.train(data, run, chosen, kept)
    seconds = np.median(np.reshape(kept.epochs, (-1, BLOCK)), axis=1)
    ratios = []
    for block in range(2, 2 * rounds + 2, 2):
        without = (seconds[block - 1] + seconds[block + 1]) / 2
        ratios.append(seconds[block] / without)
        print(
            f"an epoch: {without:.3f} s without, {seconds[block]:.3f} s with a checkpoint, ratio "
            f"{ratios[-1]:.3f}"
        )
    share = statistics.median(kept.costs) / statistics.median(kept.epochs)
    print(f"median ratio of an epoch with to without: {statistics.median(ratios):.3f}")
    print(f"saving takes {100 * share:.2f} % of an epoch")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
