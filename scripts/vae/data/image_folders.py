"""Datasets of encoded pictures: thumbnails, labels, a training and a test set."""

import logging
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae.data.images import Images, Split
from vae.data.resizing import Crop, File, thumbnails
from vae.data.splits import split
from vae.services.errors import UserError
from vae.services.progress import Progress

logger = logging.getLogger(__name__)


class Skipped(NamedTuple):
    """A file that is not among the images, and why."""

    path: str
    reason: str


class TooManySkippedError(UserError):
    """More files could not be read than max_skipped allows.

    skipped: those that could not. n_files: of all. place: where they come from.
    """

    def __init__(
        self, skipped: Sequence[Skipped], n_files: int, place: str | Path, max_skipped: float
    ):
        lines = [f"  {path}: {reason}" for path, reason in skipped[:5]]
        if len(skipped) > len(lines):
            lines.append(f"  and {len(skipped) - len(lines)} more")
        super().__init__(
            f"{len(skipped)} of {n_files} files in {place} cannot be read as pictures, more than "
            f"the {100 * max_skipped:g}% that max_skipped admits:\n"
            + "\n".join(lines)
            + "\nRepair or remove them, or raise max_skipped in config/config.yaml."
        )


def read(
    files: Iterable[File],
    place: str | Path,
    size: int,
    crop: Crop,
    test_share: float,
    max_skipped: float,
    unreadable: Iterable[tuple[str, str]] = (),
    workers: int | None = None,
) -> tuple[Images, list[Skipped]]:
    """Make a dataset of pictures.

    files: for each its path within the dataset, with "/", and its location or its content. The
        first folder of the path is its class; a picture in no folder has none.
    place: where they come from, for messages.
    size, crop: height and width of the images in pixels, and how they become square, see
        `resizing.thumbnail`.
    test_share: of each class, the share that goes to the test set, see `splits.split`.
    max_skipped: the largest share of the files that may be unreadable.
    unreadable: paths of further files that are unreadable, and the reasons.
    workers: processes; by default one for each core.

    Returns RGB images, and the files that are not among them. It takes the memory of the images
    and some 100 MB.

    Raises UserError if too many files are unreadable, or too few readable.
    """
    names, skipped = [], [Skipped(path, reason) for path, reason in unreadable]
    pixels = np.empty((0, size, size, 3), np.uint8)
    start, progress = time.monotonic(), Progress(logger, seconds=10)
    for chunk, outcomes in thumbnails(files, size, crop, workers):
        skipped += [Skipped(name, reason) for name, reason in outcomes if reason]
        names += [name for name, reason in outcomes if not reason]
        # Grown in place, for which the system moves pages, not bytes.
        pixels.resize((len(names), size, size, 3), refcheck=False)
        pixels[len(names) - len(chunk) :] = chunk
        rate = len(names) / max(time.monotonic() - start, 1e-9)
        progress.info("%d pictures, %.0f a second", len(names), rate)
    if len(skipped) > max_skipped * (len(names) + len(skipped)):
        raise TooManySkippedError(skipped, len(names) + len(skipped), place, max_skipped)

    classes = [name.partition("/")[0] if "/" in name else None for name in names]
    class_names = sorted({*classes} - {None})
    numbers = {name: number for number, name in enumerate(class_names)} | {None: -1}
    labels = np.array([numbers[name] for name in classes], np.int64)
    train, test = split(names, labels, test_share)
    if not len(test):
        raise UserError(
            f"{place} holds {len(names)} readable pictures, and no two of one class. "
            "A dataset needs some to train on and others to test with: add pictures."
        )
    order = np.concatenate([train, test])
    _reorder(pixels, order)
    sets = (Split(pixels[rows], labels[order[rows]]) for rows in np.s_[: len(train), len(train) :])
    return Images(*sets, tuple(class_names)), skipped


def _reorder(rows: np.ndarray, order: np.ndarray) -> None:
    """Do `rows[:] = rows[order]` in place; needs the memory of one more row."""
    done = np.zeros(len(rows), bool)
    for first in range(len(rows)):
        if done[first]:
            continue
        kept, here = rows[first].copy(), first
        while order[here] != first:
            rows[here] = rows[order[here]]
            done[here] = True
            here = order[here]
        rows[here] = kept
        done[here] = True
