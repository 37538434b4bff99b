"""Encoded pictures to thumbnails of one size, by Lanczos' filter, on all cores."""

import functools
import itertools
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps
from scipy.sparse import csr_array

from vae.data.image_files import PLAIN, Look, Picture, UnreadableError, decode
from vae.data.picture_parts import WHOLE, Parts, parts_of
from vae.services.cores import available_cores
from vae.services.errors import UserError

Crop = Literal["fit", "stretch", "pad"]
Size = int | Sequence[int]  # pixels: of both sides, or height and width
File = tuple[str, str | Path | bytes]


class Outcome(NamedTuple):
    """What became of a file.

    images: their names, which are that of the file, or of its pages and tiles.
    unreadable: the names of files or pages that are, and the reasons.
    several: whether it has more frames or pages, of which the first was taken.
    left_out: how many of its pages and tiles were left out on purpose.
    last: whether nothing of it follows.
    """

    images: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    several: bool = False
    left_out: int = 0
    last: bool = True


# A picture is first reduced by whole factors, which is cheap, to no less than this many times its
# final size: JPEG files while they are decoded, then all. docs/benchmarks.md has other values.
GAP = 3

_CHUNK = 16  # pictures a task, fewer where they are large
_CHUNK_BYTES = 1 << 20  # of a task, encoded and as thumbnails; one picture may be more
_MOST_BYTES = 1 << 25  # of thumbnails that a task gives back at a time


def thumbnails(
    files: Iterable[File],
    size: Size,
    crop: Crop,
    workers: int | None = None,
    look: Look = PLAIN,
    parts: Parts = WHOLE,
) -> Iterator[tuple[np.ndarray, list[Outcome]]]:
    """Yield the thumbnails of many pictures, some at a time, in their order.

    files: a name for each, and its path or content. They are taken as needed, so that only a few
        are in memory.
    size, crop, look: see `thumbnail`.
    workers: processes; by default one for each core that this process may use.
    parts: which pages and tiles of a file are pictures.

    Yields the pixels [N, height, width, C] of the readable pictures, and the outcome of each file;
    of one with many parts several outcomes after each other.

    Raises UserError if the system kills a worker, or the pages of a file are channels.
    """
    workers = workers or available_cores()
    # A fork starts at once, but must not be made of a process with TensorFlow's threads.
    fork = sys.platform == "linux" and "tensorflow" not in sys.modules
    context = multiprocessing.get_context("fork" if fork else "spawn")
    how = size, crop, look, parts
    ignore_ctrl_c = (signal.SIGINT, signal.SIG_IGN)  # the parent sees to it
    pending = deque()
    with ProcessPoolExecutor(workers, context, signal.signal, ignore_ctrl_c) as pool:
        try:
            for chunk in itertools.chain(_chunks(files, size), itertools.repeat(None)):
                if chunk:
                    pending.append((chunk, pool.submit(_thumbnails, chunk, *how)))
                if chunk and len(pending) <= 2 * workers:
                    continue
                if not pending:
                    break
                first, future = pending.popleft()
                pixels, outcomes, start = future.result()
                while not outcomes[-1].last:  # it goes on with the rest of a file
                    yield pixels, outcomes
                    first = first[len(outcomes) - 1 :]
                    pixels, outcomes, start = pool.submit(_thumbnails, first, *how, start).result()
                yield pixels, outcomes
        except BrokenProcessPool as error:
            raise UserError(
                "A process that resizes pictures was killed, most likely by the system because "
                "memory ran out. Free some of it, or have fewer processes: snakemake --cores 1"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def thumbnail(
    file: str | Path | bytes,
    size: Size,
    crop: Crop,
    look: Look = PLAIN,
    *,
    draft_gap: float = GAP,
    reducing_gap: float = GAP,
) -> np.ndarray:
    """Decode a picture and return it upright, [height, width, C].

    file: its path or its content.
    size: of a square, or height and width.
    crop: "fit" fills the frame and cuts off what stands out on two sides, "stretch" changes the
        proportions, "pad" adds black bars.
    look: how many channels there are, and whether the pixels are uint8 or float32.
    draft_gap: a JPEG file is decoded at 1/2, 1/4 or 1/8 of its size if that is at least this many
        times `size`; infinity: never.
    reducing_gap: a picture is reduced by whole factors if that leaves at least this many times
        its new size; infinity: never.

    Raises UnreadableError.
    """
    picture = decode(file, draft_gap * max(sides(size)), look)
    return _resized(picture, size, crop, look, reducing_gap)


def _resized(
    picture: Picture, size: Size, crop: Crop, look: Look, reducing_gap: float = GAP
) -> np.ndarray:
    rows, columns = sides(size)
    width, height = picture.width, picture.height
    if picture.orientation >= 5:  # lies on its side
        rows, columns = columns, rows
    mode = "L" if look.channels == "gray" else "RGB"
    black = 0
    if picture.image.mode == "F":
        mode, black = "F", picture.image.getextrema()[0]
    frame = Image.new(mode, (columns, rows), black)
    box, (columns, rows) = framed((width, height), (columns, rows), crop)
    left, top, right, bottom = box
    if picture.reduced or max((right - left) / columns, (bottom - top) / rows) >= 2 * reducing_gap:
        lanczos = Image.Resampling.LANCZOS
        image = picture.image.resize((columns, rows), lanczos, box, reducing_gap)
    else:
        image = _filtered(picture.image, (columns, rows), box)
    frame.paste(image, ((frame.width - columns) // 2, (frame.height - rows) // 2))
    frame.getexif()[ExifTags.Base.Orientation] = picture.orientation
    pixels = np.atleast_3d(np.asarray(ImageOps.exif_transpose(frame)))
    result = look.empty(*sides(size))
    return np.broadcast_to(pixels, result.shape[1:]).astype(result.dtype)


def framed(
    picture: tuple[float, float], frame: tuple[int, int], crop: Crop
) -> tuple[tuple[float, float, float, float], tuple[int, int]]:
    """The box of a picture that is seen in a frame, and how large; sizes are width and height.

    Returns left, top, right and bottom of the box, in pixels of the picture, and its width and
    height in the middle of the frame.
    """
    (width, height), (columns, rows) = picture, frame
    across, down = width, height
    if crop == "fit":
        # As written, a square gets a side of the picture exactly.
        across, down = min(width, height * columns / rows), min(height, width * rows / columns)
    if crop == "pad":
        scale = min(rows / height, columns / width)
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    left, top = (width - across) / 2, (height - down) / 2
    return (left, top, width - left, height - top), (columns, rows)


def sides(size: Size) -> tuple[int, int]:
    """Height and width of a size."""
    return (size, size) if isinstance(size, int) else tuple(size)


def _filtered(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]
) -> Image.Image:
    """Return `image.resize(size, LANCZOS, box)`, in half the time.

    Without a reduction Pillow takes three times as long for it as for decoding a JPEG file. It also
    rounds between the two axes, which costs it overshoots.
    """
    left, top, right, bottom = box
    rows = _weights(image.height, top, bottom, size[1])
    columns = _weights(image.width, left, right, size[0])
    bands = (columns @ (rows @ np.asarray(band, np.float32)).T for band in image.split())
    if image.mode == "F":
        return Image.fromarray(np.ascontiguousarray(next(bands).T))
    rounded = ((band + 0.5).clip(0, 255).astype(np.uint8).T for band in bands)
    return Image.merge(image.mode, [Image.fromarray(band) for band in rounded])


@functools.lru_cache(maxsize=512)  # 15 MB; all widths and heights of Caltech101
def _weights(old: int, start: float, stop: float, new: int) -> csr_array:
    """Weights of Lanczos' filter, antialiased: `new` pixels from `start` to `stop` of `old` ones.

    Returns float32 [new, old]; each row sums to 1.
    """
    scale = (stop - start) / new
    wide = max(scale, 1)
    centres = start + (np.arange(new)[:, None] + 0.5) * scale
    first = np.maximum(0, (centres - 3 * wide).astype(int))
    index = first + np.arange(int(6 * wide) + 2)
    x = (index + 0.5 - centres) / wide
    values = np.where((np.abs(x) < 3) & (index < old), np.sinc(x) * np.sinc(x / 3), 0)
    values = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
    ends = np.arange(new + 1) * index.shape[1]
    return csr_array((values.ravel(), index.clip(max=old - 1).ravel(), ends), (new, old))


def _thumbnails(
    files: list[File], size: Size, crop: Crop, look: Look, parts: Parts, start: int = 0
) -> tuple[np.ndarray, list[Outcome], int]:
    """The thumbnails of files, and the outcome of each.

    start: the part of the first file to begin with. Ends early with an outcome that is not the
    last of its file, and the part to go on with, if the thumbnails are many.
    """
    pixels, outcomes = [look.empty(*sides(size))], []
    n_bytes = 0
    for name, file in files:
        images, unreadable, several, left_out = [], [], False, 0
        try:
            for part in parts_of(file, GAP * max(sides(size)), look, parts, start):
                start += 1
                if part.picture:
                    pixels.append(_resized(part.picture, size, crop, look)[None])
                    images.append(f"{name}{part.suffix}")
                    several = part.picture.several and not part.suffix
                    n_bytes += pixels[-1].nbytes
                elif part.reason:
                    unreadable.append((f"{name}{part.suffix}", part.reason))
                else:
                    left_out += 1
                if n_bytes > _MOST_BYTES:
                    rest = Outcome((*images,), (*unreadable,), several, left_out, last=False)
                    return np.concatenate(pixels), [*outcomes, rest], start
        except UnreadableError as error:
            unreadable.append((name, str(error)))
        outcomes.append(Outcome((*images,), (*unreadable,), several, left_out))
        start = 0
    return np.concatenate(pixels), outcomes, 0


def _chunks(files: Iterable[File], size: Size) -> Iterator[list[File]]:
    height, width = sides(size)
    most = max(1, min(_CHUNK, _CHUNK_BYTES // (3 * height * width)))
    chunk, n_bytes = [], 0
    for name, file in files:
        chunk.append((name, file))
        n_bytes += len(file) if isinstance(file, bytes) else 0
        if len(chunk) == most or n_bytes >= _CHUNK_BYTES:
            yield chunk
            chunk, n_bytes = [], 0
    if chunk:
        yield chunk
