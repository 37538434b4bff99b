"""What checkpoints cost: epochs of the run ld_2 of MNIST with a checkpoint after each, and without.

python -m scripts.bench.checkpoints results/mnist/images.npz [rounds]
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from scripts.vae import images, runs
from scripts.vae.checkpoints import Checkpoints
from scripts.vae.images import Images

EPOCHS = 5  # a training; the first one, which compiles, does not count
RUN = {"source": "mnist", "latent_dim": 2, "epochs": EPOCHS}
SOURCE = {"format": "idx", "licence": "", "citation": ""}


class Timed(Checkpoints):
    """Checkpoints that note how long epochs take, and saving after each; or they save nothing."""

    def __init__(self, folder: str, saves: bool):
        super().__init__(folder, "bench", threads=2)
        self.saves = saves
        self.ends: list[float] = []
        self.costs: list[float] = []

    def epoch_done(self, variables: Sequence[Any], last: bool) -> None:
        """Save in any case, or in no case."""
        start = time.perf_counter()
        if self.saves:
            super().epoch_done(variables, last=True)
        self.ends.append(time.perf_counter())
        self.costs.append(self.ends[-1] - start)


def train(data: Images, run: dict[str, Any], saves: bool) -> tuple[float, float]:
    """Train once; return the seconds of an epoch, and those of them that saving took: medians."""
    from scripts.vae import training

    with tempfile.TemporaryDirectory() as folder, Timed(f"{folder}/run", saves) as kept:
        training.fit(data, run, kept)
    epochs = [end - start for start, end in zip(kept.ends, kept.ends[1:], strict=False)]
    return statistics.median(epochs), statistics.median(kept.costs[1:])


def main(path: str, rounds: int = 5) -> None:
    """Print a line a round, in which both trainings take turns, and the medians."""
    from scripts.vae import training

    training.use_threads(2)
    data = images.load(path)
    settings = runs.resolve({"datasets": {"mnist": RUN}, "sources": {"mnist": SOURCE}})
    run = settings.runs["mnist"]["ld_2"].values
    ratios, shares = [], []
    for number in range(rounds):
        order = (True, False) if number % 2 else (False, True)
        found = {saves: train(data, run, saves) for saves in order}
        (with_, cost), (without, _) = found[True], found[False]
        ratios.append(with_ / without)
        shares.append(cost / with_)
        print(
            f"an epoch: {without:.3f} s without, {with_:.3f} s with a checkpoint, ratio "
            f"{ratios[-1]:.3f}; saving took {1000 * cost:.1f} ms, {100 * shares[-1]:.2f} %",
            flush=True,
        )
    print(f"median ratio of an epoch with to without: {statistics.median(ratios):.3f}")
    print(f"median share of an epoch that saving took: {100 * statistics.median(shares):.2f} %")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
