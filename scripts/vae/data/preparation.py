"""Preparation of a dataset: its raw files to uint8 images, and a table of the files left out."""

import csv
import importlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vae.data.file_names import FileNames
from vae.data.images import Images, Split, save
from vae.data.splits import split
from vae.data.streams import Block, Raw, Skipped, Stream
from vae.services.errors import UserError
from vae.services.files import atomic

logger = logging.getLogger(__name__)


class TooManySkippedError(UserError):
    """More files could not be read than max_skipped allows.

    skipped: those that could not. n_files: of all. place: where they come from.
    """

    def __init__(self, skipped: Sequence[Skipped], n_files: int, place: str, max_skipped: float):
        lines = [f"  {path}: {reason}" for path, reason in skipped[:5]]
        if len(skipped) > len(lines):
            lines.append(f"  and {len(skipped) - len(lines)} more")
        super().__init__(
            f"{len(skipped)} of {n_files} files in {place} cannot be read as pictures, more than "
            f"the {100 * max_skipped:g}% that max_skipped admits:\n"
            + "\n".join(lines)
            + "\nRepair or remove them, or raise max_skipped in config/config.yaml."
        )


def prepare(
    paths_to_raw_files: Sequence[str | Path],
    preparation: dict[str, Any],
    threads: int,
    path_to_images: str | Path,
    path_to_skipped: str | Path,
) -> None:
    """Read a dataset and write images.npz and skipped.csv, a table of path and reason.

    paths_to_raw_files: of its raw files, none if it is a folder of pictures.
    preparation: `format`, a module of `vae.data.sources`; `settings` and `class_names` for its
        `read`; `folder` if it reads one; `validation` if so many training images are held out.

    Raises UserError if the raw files are damaged or do not fit the config.
    """
    source = importlib.import_module(f"vae.data.sources.{preparation['format']}")
    paths = [preparation["folder"]] if "folder" in preparation else paths_to_raw_files
    settings = preparation["settings"]
    stream = source.read(Raw(paths, settings, preparation["class_names"], threads))
    place = ", ".join(map(str, paths)) or preparation["format"]
    images, skipped = collect(stream, settings, place)
    validation = preparation.get("validation", 0)
    if validation:
        images = images.hold_out(validation)
    images = replace(
        images,
        preparation={
            "format": preparation["format"],
            **settings,
            "channels": images.shape[-1],
            "shape": list(images.shape),
            "validation": validation,
        },
    )
    with atomic(path_to_skipped) as part, open(part, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "reason"), *skipped])
    save(images, path_to_images)
    logger.info(
        "%d training images, %d test images, %s, %d classes; %d files left out",
        *(len(images.train), len(images.test), images.shape, len(images.class_names)),
        len(skipped),
    )


def collect(
    stream: Stream, settings: Mapping[str, Any], place: str | Path
) -> tuple[Images, list[Skipped]]:
    """Put the images of a stream into a training and a test set; takes the memory of the images.

    settings: `test_share`, if the stream leaves it open which set some images are in, see
        `splits.split`; `max_skipped`, the largest share of the files that may be left out, if it
        leaves some out.
    place: where the images come from, for messages.

    Each set has the images in the order of the stream, then those that were put there by their
    names. Returns them, and the files left out.

    Raises UserError if too many files are left out, an image has a class that the stream does not
    name, or there are too few images to train on and to test with.
    """
    pixels, labels, files, splits, skipped = None, [], [], [], []
    columns: dict[str, list[Any]] = {}
    for block in stream.blocks:
        pixels = _appended(pixels, block)
        labels.extend(block.labels)
        files.extend(block.files)
        splits.extend(block.splits)
        skipped.extend(block.skipped)
        for name, values in block.columns.items():
            columns.setdefault(name, []).extend(values)
    if skipped and len(skipped) > settings["max_skipped"] * (len(files) + len(skipped)):
        raise TooManySkippedError(
            skipped, len(files) + len(skipped), str(place), settings["max_skipped"]
        )

    class_names = stream.class_names
    if class_names is None:
        class_names = tuple(sorted({*labels} - {""}))
    numbers = _numbered(labels, class_names, place)
    train, test = _sets(files, numbers, splits, settings)
    if not (len(train) and len(test)):
        raise UserError(
            (
                f"{place} holds {len(train)} images to train on and {len(test)} to test with. "
                if files and "" not in splits
                else f"{place} holds {len(files)} readable pictures, and no two of one class. "
            )
            + "A dataset needs some to train on and others to test with: add pictures."
        )
    order = np.concatenate([train, test])
    _reorder(pixels, order)
    every = Split(
        pixels,
        numbers[order],
        FileNames.of(files[i] for i in order),
        {name: np.array(values)[order] for name, values in columns.items()},
    )
    return Images(every[: len(train)], every[len(train) :], class_names), skipped


def _appended(pixels: np.ndarray | None, block: Block) -> np.ndarray:
    """Return `pixels` with the images of a block at their end."""
    more = block.pixels
    if pixels is None:
        pixels = np.empty((0, *more.shape[1:]), np.uint8)
    if more.dtype != np.uint8 or more.shape[1:] != pixels.shape[1:]:
        raise ValueError(f"a block of {more.dtype} {more.shape} after {pixels.shape}")
    rows = [block.labels, block.files, block.splits, *block.columns.values()]
    if {*map(len, rows)} != {len(more)}:
        raise ValueError(f"a block of {len(more)} images with rows for {[*map(len, rows)]}")
    count = len(pixels)
    # Grown in place, for which the system moves pages, not bytes.
    pixels.resize((count + len(more), *pixels.shape[1:]), refcheck=False)
    pixels[count:] = more
    return pixels


def _numbered(labels: Sequence[str], class_names: Sequence[str], place: str | Path) -> np.ndarray:
    """Return the number of each label's class, int64; -1 for "", which is no class."""
    numbers = {name: number for number, name in enumerate(class_names)} | {"": -1}
    if unknown := sorted({*labels} - {*numbers}):
        raise UserError(
            f"{place} has images of the class {unknown[0]!r}, which class_names in "
            "config/sources.yaml lacks. Add it there, or remove class_names."
        )
    return np.array([numbers[label] for label in labels], np.int64)


def _sets(
    files: Sequence[str], labels: np.ndarray, splits: Sequence[str], settings: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the training and of the test images."""
    if unknown := {*splits} - {"train", "test", ""}:
        raise ValueError(f"splits: {unknown}")
    train, test, rest = (
        np.array([i for i, value in enumerate(splits) if value == name], np.int64)
        for name in ("train", "test", "")
    )
    if len(rest):
        made = split([files[i] for i in rest], labels[rest], settings["test_share"])
        train, test = (np.append(a, rest[b]) for a, b in zip((train, test), made, strict=True))
    return train, test


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
