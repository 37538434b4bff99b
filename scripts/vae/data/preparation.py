"""Preparation of a dataset: its raw files to uint8 images, and a table of the files left out."""

import csv
import importlib
import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vae.data.file_names import FileNames
from vae.data.images import Images, Split, write
from vae.data.rows import Rows
from vae.data.splits import split
from vae.data.streams import Block, Raw, Skipped, Stream
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.services.words import counted

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

    Memory holds only a few MB of the pixels; the disk holds them twice for a while.

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
    with atomic(path_to_images) as part:
        images, skipped = collect(stream, settings, place, part.parent)
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
        with (
            atomic(path_to_skipped) as table,
            open(table, "w", newline="", encoding="utf-8") as file,
        ):
            csv.writer(file).writerows([("path", "reason"), *skipped])
        write(images, part)
    logger.info(
        "%s, %s, %s, %s; %s left out",
        counted(len(images.train), "training image"),
        counted(len(images.test), "test image"),
        images.shape,
        counted(len(images.class_names), "class", "classes"),
        counted(len(skipped), "file"),
    )


def collect(
    stream: Stream,
    settings: Mapping[str, Any],
    place: str | Path,
    folder: str | Path | None = None,
) -> tuple[Images, list[Skipped]]:
    """Put the images of a stream into a training and a test set.

    settings: `test_share`, if the stream leaves it open which set some images are in, see
        `splits.split`; `max_skipped`, the largest share of the files that may be left out, if it
        leaves some out.
    place: where the images come from, for messages.
    folder: where the pixels are kept, in a file without a name that goes when the images do; by
        default where the system keeps temporary files.

    Each set has the images in the order of the stream, then those that were put there by their
    names. Returns them, their pixels as `Rows`, and the files left out.

    Raises UserError if too many files are left out, an image has a class that the stream does not
    name, or there are too few images to train on and to test with.
    """
    pixels, labels, files, splits, columns, skipped = _joined(stream.blocks, folder)
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
    every = Split(
        Rows(pixels, np.arange(len(files))),
        numbers,
        FileNames.of(files),
        {name: np.array(values) for name, values in columns.items()},
    )
    return Images(every[train], every[test], class_names), skipped


def _joined(blocks: Iterable[Block], folder: str | Path | None) -> Block:
    """Join blocks, as they come, into one with its pixels mapped from a file in `folder`."""
    labels, files, splits, columns, skipped = [], [], [], {}, []
    shape, known = None, {}
    with tempfile.TemporaryFile(dir=folder) as file:
        for block in blocks:
            shape = shape or block.pixels.shape[1:]
            _check(block, shape)
            file.write(np.ascontiguousarray(block.pixels))
            labels.extend(known.setdefault(label, label) for label in block.labels)
            files.extend(block.files)
            splits.extend(block.splits)
            skipped.extend(block.skipped)
            for name, values in block.columns.items():
                columns.setdefault(name, []).extend(values)
        file.flush()
        shape = (len(files), *(shape or (1, 1, 1)))
        pixels = np.memmap(file, np.uint8, "r", shape=shape) if files else np.empty(shape, np.uint8)
    return Block(pixels, labels, files, splits, columns, skipped)


def _check(block: Block, shape: tuple[int, ...]) -> None:
    """Raise ValueError if a block is not of images of this shape, with all that belongs to each."""
    pixels = block.pixels
    if pixels.dtype != np.uint8 or pixels.shape[1:] != shape:
        raise ValueError(f"a block of {pixels.dtype} {pixels.shape} after images of {shape}")
    rows = [block.labels, block.files, block.splits, *block.columns.values()]
    if {*map(len, rows)} != {len(pixels)}:
        raise ValueError(f"a block of {len(pixels)} images with rows for {[*map(len, rows)]}")


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
