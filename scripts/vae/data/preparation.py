"""Preparation of a dataset: its raw files to uint8 images, and a table of the files left out."""

import csv
import importlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from vae.data import anomalies, intensity, masks, near_duplicates
from vae.data.collection import collect, parts
from vae.data.images import Images, write
from vae.data.splits import drawn, held_out
from vae.data.streams import Raw, Stream
from vae.plan import folders
from vae.plan.sources import OwnData
from vae.services import warning_texts
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.services.words import counted

logger = logging.getLogger(__name__)


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
        `read`; `validation`, if training images are held out: their number, or "auto"; `normal`,
        names of the classes that alone are trained on, if it is not all.
    source: of the dataset in the config: the name of one, or the place of data of the user's own.
        No part of `preparation`, which is all that a copy elsewhere has in common.

    Raises UserError if the raw files are damaged or do not fit the config.
    """
    reader = importlib.import_module(f"vae.data.sources.{preparation['format']}")
    own = None if isinstance(source, str) else OwnData(**source)
    paths = paths_to_raw_files if own is None else own.paths() or [own.path]
    settings, normal = preparation["settings"], preparation.get("normal")
    raw = Raw(paths, settings, preparation["class_names"], threads)
    place = ", ".join(map(str, paths[:3])) or preparation["format"]

    def read(**changes: Any) -> Stream:
        stream = reader.read(raw._replace(settings=settings | changes))
        return anomalies.tested(stream, normal, place) if normal else stream

    with atomic(path_to_images) as part:
        images, skipped = collect(read(), settings, place, part.parent)
        if settings.get("intensity", "type") is None and _are_dark(images):
            better, _ = collect(read(intensity="percentile"), settings, place, part.parent)
            low, high = better.preparation["intensity"]
            raise intensity.darkness(place, low, high)
        for text in warning_texts.sentences(near_duplicates.warnings(images.train, images.test)):
            logger.warning("%s", text)
        if normal:
            anomalies.check(images, place)
        images = _with_validation(images, preparation.get("validation", 0))
        images = replace(
            images,
            preparation={
                "format": preparation["format"],
                **{key: value for key, value in settings.items() if value is not None},
                **images.preparation,
                **({"normal": normal} if normal else {}),
                "channels": images.shape[-1],
                "shape": list(images.shape),
                "validation": len(images.validation or ()),
            },
        )
        write(images, part)
        if normal and hasattr(reader, "masks"):
            read_too = _write_masks(reader, raw, images, normal, part)
            skipped = [file for file in skipped if file.path not in read_too]
        with (
            atomic(path_to_skipped) as table,
            open(table, "w", newline="", encoding="utf-8") as file,
        ):
            csv.writer(file).writerows([("path", "reason"), *skipped])
    if own:
        folders.remember(paths, Path(path_to_images).parent / "logs/files.json")
    logger.info(
        "%s, %s, %s, %s; %s left out",
        counted(len(images.train), "training image"),
        counted(len(images.test), "test image"),
        images.shape,
        counted(len(images.class_names), "class", "classes"),
        counted(len(skipped), "file"),
    )


def _write_masks(
    reader: ModuleType, raw: Raw, images: Images, normal: Sequence[str], path: Path
) -> set[str]:
    """Add the masks of test images to images.npz, if there are masks; returns their files."""
    is_defect = anomalies.are_defects(images.test.labels, images.class_names, normal)
    rows = np.flatnonzero(is_defect)
    found, files = reader.masks(raw, [*images.test.files[rows]])
    if files:
        of_rows = ((rows[number], mask) for number, mask in found)
        masks.write(of_rows, images.test.pixels.shape[:3], path)
        logger.info("%s of %s", counted(len(files), "mask"), counted(len(rows), "test image"))
    return files


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
    groups = images.train.columns.get("group")
    if groups is None or len({*groups.tolist(), *images.test.columns["group"].tolist()}) == 1:
        return images.hold_out(count)
    together = [name or i for i, name in enumerate(groups.tolist())]
    chosen = drawn(together, count)
    if not len(chosen) or len(chosen) > len(images.train) - 2:
        logger.warning("no images are held out for validation: the groups are too large")
        return images
    kept = np.setdiff1d(np.arange(len(together)), chosen)
    return replace(images, train=images.train[kept], validation=images.train[chosen])


def _are_dark(images: Images) -> bool:
    return intensity.are_dark(
        part for split in images.splits.values() for part in parts(split.pixels)
    )
