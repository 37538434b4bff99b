"""Encoded pictures to square RGB thumbnails, resampled with Lanczos' filter, on all cores.

A resize is a product with a banded matrix of weights for each axis. BLAS does both faster than
Pillow does its bicubic filter, so the better filter costs nothing.
"""

import functools
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Literal

import numpy as np
import threadpoolctl

from scripts.vae.decoding import UnreadableError, decode
from scripts.vae.jobs import UserError

Crop = Literal["fit", "stretch", "pad"]

# A picture is first reduced by whole factors, which is cheap, to no less than this many times its
# final size. Against the filter alone that costs 39 dB at worst, 51 dB in the median.
GAP = 3

_CHUNK = 32  # pictures a task
_CHUNK_BYTES = 1 << 20  # encoded bytes a task, at most one picture more

# What turns a picture upright, by its Exif orientation.
_UPRIGHT = {
    2: np.fliplr,
    3: functools.partial(np.rot90, k=2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: functools.partial(np.rot90, k=-1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}


def thumbnails(
    files: Iterable[str | Path | bytes], size: int, crop: Crop, workers: int | None = None
) -> Iterator[tuple[np.ndarray, list[str | None]]]:
    """Yield the thumbnails of many pictures, some at a time, in their order.

    files: paths, or what such files hold. They are taken as they are needed, so that a few chunks
        of them are in memory.
    size, crop: see `thumbnail`.
    workers: processes; by default one for each core that this process may use.

    Yields pixels, uint8 [N, size, size, 3], of those that could be read, and for each that was
    tried, N or more of them, None or the reason why it could not.

    Raises UserError where the system kills a worker.
    """
    workers = workers or cores()
    # A fork starts at once, but must not be made of a process with TensorFlow's threads.
    fork = sys.platform == "linux" and "tensorflow" not in sys.modules
    context = multiprocessing.get_context("fork" if fork else "spawn")
    pending = deque()
    with ProcessPoolExecutor(workers, context, _start_worker) as pool:
        try:
            for chunk in _chunks(files):
                pending.append(pool.submit(_thumbnails, chunk, size, crop))
                if len(pending) > 2 * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool as error:
            raise UserError(
                "A process that resizes pictures was killed, most likely by the system because "
                "memory ran out. Free some of it, or have fewer processes: snakemake --cores 1"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def thumbnail(file: str | Path | bytes, size: int, crop: Crop) -> np.ndarray:
    """Decode a picture and return it upright, as uint8 [size, size, 3].

    file: its path, or what such a file holds.
    crop: "fit" fills the square and cuts off what stands out on two sides, "stretch" gives up the
        proportions, "pad" adds black bars.

    Raises UnreadableError.
    """
    picture = decode(file, GAP * size)
    image, width, height = picture.image, picture.width, picture.height
    if crop == "fit":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
        width = height = min(width, height)
    longest = max(width, height) if crop == "pad" else None
    rows, columns = (
        max(1, round(size * side / longest)) if longest else size for side in (height, width)
    )
    factors = max(1, int(width / (GAP * columns))), max(1, int(height / (GAP * rows)))
    if factors != (1, 1):
        image, width, height = image.reduce(factors), width / factors[0], height / factors[1]

    pixels = resample(np.asarray(image), (rows, columns), (height, width))
    square = np.zeros((size, size, 3), np.uint8)
    top, left = (size - rows) // 2, (size - columns) // 2
    square[top : top + rows, left : left + columns] = pixels
    return _UPRIGHT.get(picture.orientation, np.asarray)(square)


def resample(
    pixels: np.ndarray, shape: tuple[int, int], spans: tuple[float, float] | None = None
) -> np.ndarray:
    """Return `pixels` in another size, by Lanczos' filter with three lobes, antialiased.

    pixels: uint8 [H, W] or [H, W, C].
    shape: the new height and width.
    spans: what the old height and width span in pixels, where the last row or column is partial.

    Returns uint8 [height, width, C].
    """
    height, width = pixels.shape[:2]
    channels = pixels.size // (height * width)
    old = pixels.reshape(height, -1).astype(np.float32)
    rows, columns = spans or (height, width)
    half = np.empty((shape[0], old.shape[1]), np.float32)
    for into, come, weights in _weights(height, rows, shape[0], 1):
        np.matmul(weights.T, old[come], out=half[into])
    new = np.empty((shape[0], shape[1] * channels), np.float32)
    for into, come, weights in _weights(width, columns, shape[1], channels):
        np.matmul(half[:, come], weights, out=new[:, into])
    np.clip(np.rint(new, out=new), 0, 255, out=new)
    return new.astype(np.uint8).reshape(*shape, channels)


def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity else os.cpu_count()


@functools.lru_cache(maxsize=256)  # most sizes of Caltech101, in 30 MB
def _weights(
    old: int, span: float, new: int, channels: int
) -> tuple[tuple[slice, slice, np.ndarray], ...]:
    """Weights that make `new` pixels of `old`, whose channels lie side by side.

    They are a banded matrix, given as blocks along its diagonal: which pixels they make, of which,
    and float32 [old, new]. A block makes 12 pixels: with more, more of its weights are zeros; with
    fewer, the products are too small for BLAS.
    """
    scale = np.float32(span / new)
    centres = (np.arange(new, dtype=np.float32) + 0.5) * scale
    x = (np.arange(old, dtype=np.float32)[:, None] + 0.5 - centres) / max(scale, 1)
    matrix = np.where(abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    matrix /= matrix.sum(axis=0)
    blocks = []
    for first in range(0, new, 12):
        band = matrix[:, first : first + 12]
        start, *_, stop = np.flatnonzero(band.any(axis=1))
        band = band[start : stop + 1]
        weights = np.zeros((len(band), channels, band.shape[1], channels), np.float32)
        np.einsum("ocnc->con", weights)[...] = band
        come = slice(start * channels, (stop + 1) * channels)
        into = slice(first * channels, (first + band.shape[1]) * channels)
        blocks.append((into, come, weights.reshape(len(band) * channels, -1)))
    return tuple(blocks)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent sees to it
    threadpoolctl.threadpool_limits(1)  # the processes are the threads


def _thumbnails(
    files: list[str | Path | bytes], size: int, crop: Crop
) -> tuple[np.ndarray, list[str | None]]:
    pixels, reasons = np.empty((len(files), size, size, 3), np.uint8), []
    for file in files:
        try:
            pixels[reasons.count(None)] = thumbnail(file, size, crop)
            reasons.append(None)
        except UnreadableError as error:
            reasons.append(str(error))
    return pixels[: reasons.count(None)], reasons


def _chunks(files: Iterable[str | Path | bytes]) -> Iterator[list[str | Path | bytes]]:
    chunk, held = [], 0
    for file in files:
        chunk.append(file)
        held += len(file) if isinstance(file, bytes) else 0
        if len(chunk) == _CHUNK or held >= _CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
