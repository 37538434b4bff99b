"""Datasets of encoded pictures: thumbnails, labels, a training and a test set."""

import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae.data.images import Images, Split
from vae.data.resizing import Crop, File, thumbnails
from vae.data.splits import split
from vae.services.errors import UserError

logger = logging.getLogger(__name__)


class Skipped(NamedTuple):
    """A file that is not among the images, and why."""

    path: str
    reason: str


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

    files: a path within the dataset for each, with "/", and where it is or what it holds. The
        first folder of the path is its class; a picture in no folder has none.
    place: where they come from, for messages.
    size, crop: height and width of the images in pixels, and how they become square, see
        `resizing.thumbnail`.
    test_share: of each class, what goes to the test set, see `splits.split`.
    max_skipped: the largest share of the files that may be no picture.
    unreadable: path and reason for those that are known to be none.
    workers: processes; by default one for each core.

    Returns RGB images, and the files that are not among them. It takes the memory of the images
    and some 100 MB.

    Raises UserError where too many files are no picture, or too few are one.
    """
    names, skipped = [], [Skipped(*known) for known in unreadable]
    pixels = np.empty((0, size, size, 3), np.uint8)
    start = said = time.monotonic()
    for chunk, outcomes in thumbnails(files, size, crop, workers):
        skipped += [Skipped(name, reason) for name, reason in outcomes if reason]
        names += [name for name, reason in outcomes if not reason]
        # Grown in place, for which the system moves pages, not bytes.
        pixels.resize((len(names), size, size, 3), refcheck=False)
        pixels[len(names) - len(chunk) :] = chunk
        if (now := time.monotonic()) > said + 10:
            said = now
            logger.info("%d pictures, %.0f a second", len(names), len(names) / (now - start))
    if len(skipped) > max_skipped * (len(names) + len(skipped)):
        raise _too_many(skipped, len(names) + len(skipped), place, max_skipped)

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
    """Do `rows[:] = rows[order]`, in the memory of one row more."""
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


def _too_many(
    skipped: list[Skipped], tried: int, place: str | Path, max_skipped: float
) -> UserError:
    shown = [f"  {path}: {reason}" for path, reason in skipped[:5]]
    if len(skipped) > len(shown):
        shown.append(f"  and {len(skipped) - len(shown)} more")
    return UserError(
        f"{len(skipped)} of {tried} files in {place} cannot be read as pictures, more than the "
        f"{100 * max_skipped:g}% that max_skipped admits:\n"
        + "\n".join(shown)
        + "\nRepair or remove them, or raise max_skipped in config/config.yaml."
    )
