"""Encoded pictures in folders, one a class, as a stream of thumbnails."""

import logging
import time
from collections.abc import Iterable, Iterator

import numpy as np

from vae.data.resizing import File, sides, thumbnails
from vae.data.streams import Block, Raw, Skipped
from vae.services.progress import Progress

logger = logging.getLogger(__name__)


def blocks(
    files: Iterable[File], raw: Raw, unreadable: Iterable[tuple[str, str]] = ()
) -> Iterator[Block]:
    """Yield RGB thumbnails of pictures, in their order, without a split.

    files: for each its path within the dataset, with "/", and its location or its content. The
        first folder of the path is its class; a picture in no folder has none.
    raw: its settings have `size`, of the images in pixels, and `crop`, see `resizing.thumbnail`.
    unreadable: paths of further files that are unreadable, and the reasons.
    """
    size = raw.settings["size"]
    skipped = [Skipped(path, reason) for path, reason in unreadable]
    yield Block(np.empty((0, *sides(size), 3), np.uint8), [], [], [], skipped=skipped)
    count, start, progress = 0, time.monotonic(), Progress(logger, seconds=10)
    for pixels, outcomes in thumbnails(files, size, raw.settings["crop"], raw.workers):
        names = [name for name, reason in outcomes if reason is None]
        yield Block(
            pixels,
            labels=[name.partition("/")[0] if "/" in name else "" for name in names],
            files=names,
            splits=[""] * len(names),
            skipped=[Skipped(name, reason) for name, reason in outcomes if reason is not None],
        )
        count += len(names)
        rate = count / max(time.monotonic() - start, 1e-9)
        progress.info("%d pictures, %.0f a second", count, rate)
