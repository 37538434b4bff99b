"""Preparation of a dataset: its raw files to uint8 images, and a table of the files left out."""

import csv
import importlib
import logging
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vae.data import intensity
from vae.data.file_names import FileNames
from vae.data.images import Images, Split, write
from vae.data.rows import Rows
from vae.data.splits import held_out, split
from vae.data.streams import Block, Raw, Skipped, Stream
from vae.plan import folders
from vae.plan.sources import OwnData
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.services.words import counted

logger = logging.getLogger(__name__)

_PIECE = 4 << 20  # bytes of pixels at a time
_LARGEST_COLUMN = 1 << 28  # bytes


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
    source: str | Mapping[str, str],
    threads: int,
    path_to_images: str | Path,
    path_to_skipped: str | Path,
) -> None:
    """Read a dataset and write images.npz and skipped.csv, a table of path and reason.

    Memory holds only a few MB of the pixels; the disk holds them twice for a while.

    paths_to_raw_files: of its raw files, none if they are the user's own.
    preparation: `format`, a module of `vae.data.sources`; `settings` and `class_names` for its
        `read`; `validation`, if training images are held out: their number, or "auto".
    source: of the dataset in the config: the name of one, or the place of data of the user's own.
        No part of `preparation`, which is all that a copy elsewhere has in common.

    Raises UserError if the raw files are damaged or do not fit the config.
    """
    reader = importlib.import_module(f"vae.data.sources.{preparation['format']}")
    own = None if isinstance(source, str) else OwnData(**source)
    paths = paths_to_raw_files if own is None else own.paths() or [own.path]
    settings = preparation["settings"]

    def read(**changes: Any) -> Stream:
        return reader.read(Raw(paths, settings | changes, preparation["class_names"], threads))

    place = ", ".join(map(str, paths[:3])) or preparation["format"]
    with atomic(path_to_images) as part:
        images, skipped = collect(read(), settings, place, part.parent)
        if settings.get("intensity", "type") is None and _are_dark(images):
            better, _ = collect(read(intensity="percentile"), settings, place, part.parent)
            low, high = better.preparation["intensity"]
            raise intensity.darkness(place, low, high)
        images = _with_validation(images, preparation.get("validation", 0))
        images = replace(
            images,
            preparation={
                "format": preparation["format"],
                **{key: value for key, value in settings.items() if value is not None},
                **images.preparation,
                "channels": images.shape[-1],
                "shape": list(images.shape),
                "validation": len(images.validation or ()),
            },
        )
        with (
            atomic(path_to_skipped) as table,
            open(table, "w", newline="", encoding="utf-8") as file,
        ):
            csv.writer(file).writerows([("path", "reason"), *skipped])
        write(images, part)
    if own:
        folders.remember(folders.files(*paths), Path(path_to_images).parent / "logs/files.json")
    logger.info(
        "%s, %s, %s, %s; %s left out",
        counted(len(images.train), "training image"),
        counted(len(images.test), "test image"),
        images.shape,
        counted(len(images.class_names), "class", "classes"),
        counted(len(skipped), "file"),
    )


def _with_validation(images: Images, count: int | str) -> Images:
    """Hold out so many training images; raises UserError if the source has validation images."""
    if count == "auto":
        count = 0 if images.validation else held_out(len(images.train))
    if not count:
        return images
    if images.validation:
        raise UserError(
            f"validation: {count} is to be taken from the training images, and the source has "
            f"{len(images.validation)} validation images of its own. Remove the key from "
            "config/config.yaml."
        )
    return images.hold_out(count)


def _are_dark(images: Images) -> bool:
    return intensity.are_dark(
        part for split in images.splits.values() for part in _parts(split.pixels)
    )


def _parts(pixels: Rows) -> Iterator[np.ndarray]:
    """The pixels of images, some MB at a time."""
    count = max(1, _PIECE // max(1, pixels.array[:1].nbytes))
    for start in range(0, len(pixels), count):
        yield np.asarray(pixels[start : start + count])


def collect(
    stream: Stream,
    settings: Mapping[str, Any],
    place: str | Path,
    folder: str | Path | None = None,
) -> tuple[Images, list[Skipped]]:
    """Put the images of a stream into a training and a test set, and maybe one for validation.

    settings: `test_share`, if the stream leaves it open which set some images are in, see
        `splits.split`; `max_skipped`, the largest share of the files that may be left out, if it
        leaves some out.
    place: where the images come from, for messages.
    folder: where the pixels are kept, in a file without a name that goes when the images do; by
        default where the system keeps temporary files.

    Each set has the images in the order of the stream, then those that were put there by their
    names. Returns them, their pixels as `Rows`, and the files left out. Their `preparation` has
    the `intensity` that was found, if the stream leaves it to the training images.

    Raises UserError if too many files are left out, an image has a class that the stream does not
    name, or there are too few images to train on and to test with.
    """
    pixels, labels, files, splits, columns, skipped, left_out = _joined(stream.blocks, folder)
    if skipped and len(skipped) > settings["max_skipped"] * (len(files) + len(skipped)):
        raise TooManySkippedError(
            skipped, len(files) + len(skipped), str(place), settings["max_skipped"]
        )

    class_names = stream.class_names
    if class_names is None:
        class_names = tuple(sorted({*labels} - {""}, key=_natural))
    numbers = _numbered(labels, class_names, place)
    train, test, validation = _sets(files, numbers, splits, settings)
    if not (len(train) and len(test)):
        raise UserError(
            (
                f"{place} holds {len(train)} images to train on and {len(test)} to test with. "
                if files and "" not in splits
                else f"{place} holds {len(files)} readable pictures, and no two of one class. "
            )
            + "A dataset needs some to train on and others to test with: add pictures."
        )
    found = {}
    if pixels.dtype == np.float32:
        low, high = _range_of(Rows(pixels, train), place)
        found["intensity"] = [low, high]
        pixels = _in_8_bits(pixels, low, high, folder)
    every = Split(
        Rows(pixels, np.arange(len(files))), numbers, FileNames.of(files), _columns(columns)
    )
    sets = every[train], every[test]
    return Images(*sets, class_names, every[validation] if len(validation) else None, found), [
        *skipped,
        *left_out,
    ]


def _range_of(pixels: Rows, place: str | Path) -> tuple[float, float]:
    """The percentiles of float pixels that become black and white."""
    low = min(float(part.min()) for part in _parts(pixels))
    high = max(float(part.max()) for part in _parts(pixels))
    if low == high:
        raise UserError(
            f"All pixels of the training images of {place} are {low:g}: intensity: percentile "
            "cannot tell black from white. Correct the images, or set intensity: [low, high]."
        )
    return intensity.percentiles(_parts(pixels), low, high)


def _in_8_bits(
    pixels: np.ndarray, low: float, high: float, folder: str | Path | None
) -> np.ndarray:
    """Float pixels as uint8, mapped from a file in `folder`."""
    with tempfile.TemporaryFile(dir=folder) as file:
        for part in _parts(Rows(pixels, np.arange(len(pixels)))):
            file.write(intensity.to_8_bits(part, low, high))
        file.flush()
        return np.memmap(file, np.uint8, "r", shape=pixels.shape)


def _columns(columns: Mapping[str, Sequence[Any]]) -> dict[str, np.ndarray]:
    """Columns as arrays; what is missing is NaN among numbers, else an empty text."""
    arrays = {}
    for name, values in columns.items():
        if all(isinstance(value, int | float | None) for value in values):
            array = np.array([float("nan") if value is None else value for value in values])
            if array.dtype.kind in "biuf":  # not of whole numbers that are too large
                arrays[name] = array
                continue
        texts = ["" if value is None else str(value) for value in values]
        if 4 * len(texts) * max(map(len, texts), default=0) > _LARGEST_COLUMN:
            logger.warning("the column %s is left out: its texts are too long to be kept", name)
        else:
            arrays[name] = np.array(texts, np.str_)
    return arrays


def _joined(blocks: Iterable[Block], folder: str | Path | None) -> Block:
    """Join blocks, as they come, into one with its pixels mapped from a file in `folder`."""
    labels, files, splits, columns, skipped, left_out = [], [], [], {}, [], []
    shape, dtype, known = None, np.dtype(np.uint8), {}
    with tempfile.TemporaryFile(dir=folder) as file:
        for block in blocks:
            if shape is None:
                shape, dtype = block.pixels.shape[1:], block.pixels.dtype
            _check(block, shape, dtype)
            file.write(np.ascontiguousarray(block.pixels))
            labels.extend(known.setdefault(label, label) for label in block.labels)
            files.extend(block.files)
            splits.extend(block.splits)
            skipped.extend(block.skipped)
            left_out.extend(block.left_out)
            for name, values in block.columns.items():
                columns.setdefault(name, []).extend(values)
        file.flush()
        shape = (len(files), *(shape or (1, 1, 1)))
        pixels = np.memmap(file, dtype, "r", shape=shape) if files else np.empty(shape, dtype)
    return Block(pixels, labels, files, splits, columns, skipped, left_out)


def _check(block: Block, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Raise ValueError if a block is not of images like these, with all that belongs to each."""
    pixels = block.pixels
    known = dtype in (np.uint8, np.float32) and pixels.dtype == dtype
    if not known or pixels.shape[1:] != shape:
        raise ValueError(f"a block of {pixels.dtype} {pixels.shape} after images of {shape}")
    rows = [block.labels, block.files, block.splits, *block.columns.values()]
    if {*map(len, rows)} != {len(pixels)}:
        raise ValueError(f"a block of {len(pixels)} images with rows for {[*map(len, rows)]}")


def _natural(name: str) -> tuple[list[Any], str]:
    """A key to sort names by: runs of the digits 0 to 9 as numbers, the rest by code point."""
    parts: list[Any] = re.split("([0-9]+)", name)
    # As long as their digits: a whole number of thousands of digits would take long.
    parts[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in parts[1::2]]
    return parts, name


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
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices of the training, of the test and of the validation images."""
    if unknown := {*splits} - {"train", "test", "validation", ""}:
        raise ValueError(f"splits: {unknown}")
    train, test, validation, rest = (
        np.array([i for i, value in enumerate(splits) if value == name], np.int64)
        for name in ("train", "test", "validation", "")
    )
    if len(rest):
        made = split([files[i] for i in rest], labels[rest], settings["test_share"])
        train, test = (np.append(a, rest[b]) for a, b in zip((train, test), made, strict=True))
    return train, test, validation
