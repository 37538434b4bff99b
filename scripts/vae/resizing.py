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
File = tuple[str, str | Path | bytes]
Outcome = tuple[str, str | None]

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
    files: Iterable[File], size: int, crop: Crop, workers: int | None = None
) -> Iterator[tuple[np.ndarray, list[Outcome]]]:
    """Yield the thumbnails of many pictures, some at a time, in their order.

    files: a name for each, and its path or what such a file holds. They are taken as they are
        needed, so that only a few are in memory.
    size, crop: see `thumbnail`.
    workers: processes; by default one for each core that this process may use.

    Yields pixels, uint8 [N, size, size, 3], of those that could be read, and for each that was
    tried its name and None, or the reason why it could not.

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
    rows = columns = size
    if crop == "pad":
        scale = size / max(height, width)
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    factors = max(1, int(width / (GAP * columns))), max(1, int(height / (GAP * rows)))
    if factors != (1, 1):
        image, width, height = image.reduce(factors), width / factors[0], height / factors[1]

    pixels = np.asarray(image).reshape(image.height, image.width, -1)
    pixels = resample(pixels, (rows, columns), (height, width))
    square = np.zeros((size, size, 3), np.uint8)
    top, left = (size - rows) // 2, (size - columns) // 2
    square[top : top + rows, left : left + columns] = pixels
    return _UPRIGHT.get(picture.orientation, np.asarray)(square)


def resample(
    pixels: np.ndarray, shape: tuple[int, int], spans: tuple[float, float] | None = None
) -> np.ndarray:
    """Return an image in another size, by Lanczos' filter with three lobes, antialiased.

    pixels: uint8 [H, W, C].
    shape: the new height and width.
    spans: what the old height and width span, in pixels, where the last row or column is partial.

    Returns uint8 [height, width, C].
    """
    height, width, channels = pixels.shape
    rows, columns = spans or (height, width)
    half = np.empty((shape[0], channels, width), np.float32)
    for made, used, weights in _weights(height, rows, shape[0]):
        # A few rows at a time become float: all of them would not stay in the cache.
        band = weights.T @ pixels[used].reshape(-1, width * channels).astype(np.float32)
        for channel in range(channels):
            half[made, channel] = band[:, channel::channels]

    half = half.reshape(-1, width)
    new = np.empty((len(half), shape[1]), np.float32)
    for made, used, weights in _weights(width, columns, shape[1]):
        np.matmul(half[:, used], weights, out=new[:, made])

    np.clip(np.rint(new, out=new), 0, 255, out=new)
    result = np.empty((*shape, channels), np.uint8)
    for channel in range(channels):
        result[..., channel] = new[channel::channels]
    return result


def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity else os.cpu_count()


@functools.lru_cache(maxsize=512)  # 15 MB; all widths and heights of Caltech101
def _weights(old: int, span: float, new: int) -> list[tuple[slice, slice, np.ndarray]]:
    """Weights that make `new` pixels of `old`, which span `span` pixels.

    They are a banded matrix, given as blocks along its diagonal: which pixels are made, which ones
    are used, and float32 [used, made]. Larger blocks hold more zeros, smaller ones keep BLAS less
    busy.
    """
    scale = span / new
    wide = max(scale, 1)
    blocks = []
    for first in range(0, new, 16):
        last = min(first + 16, new)
        centres = (np.arange(first, last) + 0.5) * scale
        low = max(0, int(centres[0] - 3 * wide))
        high = min(old, int(centres[-1] + 3 * wide) + 1)
        x = ((np.arange(low, high)[:, None] + 0.5 - centres) / wide).astype(np.float32)
        np.clip(x, -3, 3, out=x)  # where the filter is zero
        weights = np.sinc(x) * np.sinc(x / 3)
        weights /= weights.sum(axis=0)
        blocks.append((slice(first, last), slice(low, high), weights))
    return blocks


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent sees to it
    threadpoolctl.threadpool_limits(1)  # the processes are the threads
    # Once such a block was freed, glibc keeps smaller ones to use again; it would otherwise give
    # them back to the system after each picture, which costs a tenth of the time.
    np.empty(31 << 20, np.uint8)


def _thumbnails(files: list[File], size: int, crop: Crop) -> tuple[np.ndarray, list[Outcome]]:
    pixels, outcomes, count = np.empty((len(files), size, size, 3), np.uint8), [], 0
    for name, file in files:
        try:
            pixels[count] = thumbnail(file, size, crop)
        except UnreadableError as error:
            outcomes.append((name, str(error)))
        else:
            outcomes.append((name, None))
            count += 1
    return pixels[:count], outcomes


def _chunks(files: Iterable[File]) -> Iterator[list[File]]:
    chunk, held = [], 0
    for name, file in files:
        chunk.append((name, file))
        held += len(file) if isinstance(file, bytes) else 0
        if len(chunk) == _CHUNK or held >= _CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
