"""How fast pictures are resized, against a plain loop over Pillow, and in how much memory.

python -m scripts.bench.resizing ../shared/datasets/caltech101/caltech-101.zip [size]
"""

import itertools
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

from scripts.vae.resizing import cores, thumbnails
from scripts.vae.sources import caltech101

WHOLE = 8_677  # pictures in the classes of Caltech101; an archive with fewer is gone over again


def compare(
    paths: Sequence[str], size: int, rounds: int = 5, workers: int | None = None
) -> list[tuple[float, float]]:
    """Resize pictures in a plain loop and with `thumbnails`, in turn.

    Returns seconds, with start and end of the worker processes: a pair for each round.
    """
    return [
        (_seconds(_plain, paths, size), _seconds(_fast, paths, size, workers))
        for _ in range(rounds)
    ]


def peak_memory(archive: str, size: int) -> tuple[float, float, float]:
    """Read Caltech101 in a new process.

    Returns MB: the images, how much more than before the process held at most, and what its
    largest worker did.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(_peak_memory, archive, size).result()


def _peak_memory(archive: str, size: int) -> tuple[float, float, float]:
    before = _peak(resource.RUSAGE_SELF)
    images, _ = caltech101.read([archive], size)
    held = (images.train.pixels.nbytes + images.test.pixels.nbytes) / 1e6
    return held, _peak(resource.RUSAGE_SELF) - before, _peak(resource.RUSAGE_CHILDREN)


def _peak(who: int) -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(who).ru_maxrss * unit / 1e6


def _plain(paths: Sequence[str], size: int) -> None:
    for path in paths:
        Image.open(path).convert("RGB").resize((size, size), Image.Resampling.BICUBIC)


def _fast(paths: Sequence[str], size: int, workers: int | None) -> None:
    for _ in thumbnails(((path, path) for path in paths), size, "stretch", workers):
        pass


def _seconds(function: Callable[..., None], *arguments: object) -> float:
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def main(archive: str, size: int = 92) -> None:
    """Print the figures for the pictures in Caltech101's archive."""
    held, more, worker = peak_memory(archive, size)
    print(f"peak memory: {more:.0f} MB for {held:.0f} MB of images, {worker:.0f} MB in a worker")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, content in caltech101.pictures_of(archive):
            paths.append(f"{folder}/{name.replace('/', '_')}")
            Path(paths[-1]).write_bytes(content)
        paths = list(itertools.islice(itertools.cycle(paths), WHOLE))
        rounds = compare(paths, size)
    for plain, fast in rounds:
        print(
            f"{len(paths) / plain:.0f} pictures/s in a plain loop, {len(paths) / fast:.0f} on "
            f"{cores()} cores: {plain / fast:.2f} times as fast"
        )
    plain, fast = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"ratio of the medians: {plain / fast:.2f}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
