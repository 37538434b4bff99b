"""The images of a source, block by block, to a training and a test set."""

import logging
import math
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vae.data import groups, intensity
from vae.data.file_names import FileNames
from vae.data.images import Images, Split
from vae.data.rows import Rows
from vae.data.splits import split
from vae.data.streams import Block, Skipped, Stream
from vae.services.errors import UserError
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


def parts(pixels: Rows | np.ndarray) -> Iterator[np.ndarray]:
    """The pixels of images, some MB at a time."""
    array = pixels.array if isinstance(pixels, Rows) else pixels
    count = max(1, _PIECE // max(1, array[:1].nbytes))
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
    hashes = groups.digests(parts(pixels)) if stream.grouped else None
    named = groups.named(columns.pop("group", None), hashes, files)
    columns |= {"group": named} if named else {}
    of_group = named or [""] * len(files)
    if named and len({*named}) == 1 and "" in splits:
        logger.warning(
            "all images are one group, %s, which is split all the same: test images are akin to "
            "training images, and their metrics look better than those of others would",
            named[0],
        )
        of_group = [""] * len(files)
    train, test, validation = _sets(files, numbers, splits, settings, of_group)
    if not (len(train) and len(test)):
        raise UserError(
            f"{place} holds {len(files)} readable pictures, of which {len(train)} would be to "
            f"train on and {len(test)} to test with. A dataset needs both: "
            + (
                f"no group is small enough for a test set. Set test_share: {_least_share(named)} "
                "in config/config.yaml, or add pictures."
                if named and len(train) > 1
                else "add pictures."
            )
        )
    if both := groups.across(of_group, [*train, *validation], test):
        logger.warning(
            "%s on both sides of the split that the source gives, such as %s: results on the "
            "test images will look too good. Correct the split, or leave it to the workflow.",
            counted(len(both), "group is", "groups are"),
            ", ".join(both[:3]),
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


def _least_share(names: Sequence[str]) -> float:
    """The share of the images that is in the smallest group, rounded up; names: see `groups`."""
    smallest = min(Counter(name or i for i, name in enumerate(names)).values())
    return math.ceil(100 * smallest / len(names)) / 100


def _range_of(pixels: Rows, place: str | Path) -> tuple[float, float]:
    """The percentiles of float pixels that become black and white."""
    low = min(float(part.min()) for part in parts(pixels))
    high = max(float(part.max()) for part in parts(pixels))
    if low == high:
        raise UserError(
            f"All pixels of the training images of {place} are {low:g}: intensity: percentile "
            "cannot tell black from white. Correct the images, or set intensity: [low, high]."
        )
    return intensity.percentiles(parts(pixels), low, high)


def _in_8_bits(
    pixels: np.ndarray, low: float, high: float, folder: str | Path | None
) -> np.ndarray:
    """Float pixels as uint8, mapped from a file in `folder`."""
    with tempfile.TemporaryFile(dir=folder) as file:
        for part in parts(pixels):
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
    files: Sequence[str],
    labels: np.ndarray,
    splits: Sequence[str],
    settings: Mapping[str, Any],
    groups: Sequence[str],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices of the training, of the test and of the validation images.

    What has no split follows the images of its group that have one; to training, if they differ.
    """
    if unknown := {*splits} - {"train", "test", "validation", ""}:
        raise ValueError(f"splits: {unknown}")
    train, test, validation, rest = (
        np.array([i for i, value in enumerate(splits) if value == name], np.int64)
        for name in ("train", "test", "validation", "")
    )
    sides = dict.fromkeys({groups[i] for i in test} - {""}, "test")
    sides |= dict.fromkeys({groups[i] for i in (*train, *validation)} - {""}, "train")
    follows = np.array([sides.get(groups[i], "") for i in rest], np.str_)
    train, test = (
        np.append(train, rest[follows == "train"]),
        np.append(test, rest[follows == "test"]),
    )
    rest = rest[follows == ""]
    if len(rest):
        together = [groups[i] or i for i in rest]
        made = split([files[i] for i in rest], labels[rest], settings["test_share"], together)
        train, test = (np.append(a, rest[b]) for a, b in zip((train, test), made, strict=True))
    return train, test, validation
