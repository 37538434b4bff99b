"""Preparation of a dataset: its raw files to uint8 images, and a table of the files left out."""

import csv
import importlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vae.data.images import save
from vae.services.files import atomic

logger = logging.getLogger(__name__)


def prepare(
    paths_to_raw_files: Sequence[str | Path],
    preparation: dict[str, Any],
    threads: int,
    path_to_images: str | Path,
    path_to_skipped: str | Path,
) -> None:
    """Read a dataset and write images.npz and skipped.csv, a table of path and reason.

    paths_to_raw_files: of its raw files, none if it is a folder of pictures.
    preparation: `format`, a module of `vae.data.sources`; `options` of its `read`; `folder` if it
        reads one; `validation` if so many training images are held out.

    Raises UserError if the raw files are damaged or do not fit the config.
    """
    reader = importlib.import_module(f"vae.data.sources.{preparation['format']}")
    options = dict(preparation["options"])
    if "size" in options:
        options["workers"] = threads
    result = reader.read(preparation.get("folder", paths_to_raw_files), **options)
    images, skipped = result if isinstance(result, tuple) else (result, [])
    if "validation" in preparation:
        images = images.hold_out(preparation["validation"])
    with atomic(path_to_skipped) as part, open(part, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "reason"), *skipped])
    save(images, path_to_images)
    logger.info(
        "%d training images, %d test images, %s, %d classes; %d files left out",
        *(len(images.train), len(images.test), images.shape, len(images.class_names)),
        len(skipped),
    )
