"""How fast pictures are resized, against a plain loop over Pillow, and in how much memory.

python -m benchmarks.resizing [results/raw/caltech101/caltech-101.zip] [--size 92]

Without an archive, of pictures that it draws: JPEG files of the usual size in Caltech101. Writes
resizing.csv into `--out`.
"""

import argparse
import io
import itertools
import math
import multiprocessing
import resource
import statistics
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks import OUT, worker
from vae.data.collection import collect
from vae.data.resizing import thumbnails
from vae.data.sources import caltech101
from vae.data.streams import Raw
from vae.plan.datasets import source_settings
from vae.services.cores import available_cores
from vae.services.files import atomic

DRAWN = 2_000  # pictures, where no archive is named
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
    before = worker.peak_memory()
    settings = source_settings("caltech101", {"size": size})
    stream = caltech101.read(Raw([archive], settings, workers=available_cores()))
    images, _ = collect(stream, settings, archive)
    held = (len(images.train) + len(images.test)) * math.prod(images.shape) / 1e6
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * worker.RSS_UNIT / 1e6
    return held, worker.peak_memory() - before, children


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


def draw_archive(path: Path, count: int) -> None:
    """Write an archive in the layout of Caltech101, of smooth pictures of 300 x 200 with noise."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as whole, io.BytesIO() as inner:
        with tarfile.open(fileobj=inner, mode="w:gz") as archive:
            for number in range(count):
                coarse = Image.fromarray(rng.integers(0, 256, (10, 15, 3), np.uint8))
                smooth = np.asarray(coarse.resize((300, 200), Image.Resampling.BICUBIC), float)
                noisy = (smooth + rng.normal(0, 8, smooth.shape)).clip(0, 255).astype(np.uint8)
                with io.BytesIO() as file:
                    Image.fromarray(noisy).save(file, "JPEG", quality=90)
                    member = tarfile.TarInfo(f"101_ObjectCategories/drawn/image_{number:04}.jpg")
                    member.size = file.tell()
                    file.seek(0)
                    archive.addfile(member, file)
        whole.writestr(f"caltech-101/{caltech101.ARCHIVE}", inner.getvalue())


def main(arguments: Sequence[str]) -> None:
    """Print the figures, and write them as a table."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.resizing", description=__doc__.splitlines()[0]
    )
    parser.add_argument("archive", nargs="?", type=Path, help="of Caltech101")
    parser.add_argument("--size", type=int, default=92, help="of the images, in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT, help="folder for what is written")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        archive = options.archive or Path(folder, "drawn.zip")
        if not options.archive:
            draw_archive(archive, DRAWN)
        held, more, each = peak_memory(str(archive), options.size)
        print(f"peak memory: {more:.0f} MB for {held:.0f} MB of images, {each:.0f} MB a worker")
        paths = []
        for name, content in caltech101.pictures_of(archive):
            paths.append(f"{folder}/{name.replace('/', '_')}")
            Path(paths[-1]).write_bytes(content)
        paths = list(itertools.islice(itertools.cycle(paths), WHOLE))
        rounds = compare(paths, options.size, options.rounds)
    for plain, fast in rounds:
        print(
            f"{len(paths) / plain:.0f} pictures/s in a plain loop, {len(paths) / fast:.0f} on "
            f"{available_cores()} cores: {plain / fast:.2f} times as fast"
        )
    plain, fast = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"ratio of the medians: {plain / fast:.2f}")
    row = {
        "pictures": options.archive.name if options.archive else "drawn",
        "size": options.size,
        "cores": available_cores(),
        "plain_per_second": len(paths) / plain,
        "ours_per_second": len(paths) / fast,
        "ratio": plain / fast,
        "images_mb": held,
        "peak_above_start_mb": more,
        "worker_mb": each,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    with atomic(options.out / "resizing.csv") as part:
        pd.DataFrame([row]).to_csv(part, index=False, float_format="%.4g")


if __name__ == "__main__":
    main(sys.argv[1:])
