"""Read the raw files of a dataset into uint8 images with labels, training and test set."""

import csv
import importlib
import logging
from typing import Any

from vae.data.images import save
from vae.services.files import atomic
from vae.services.jobs import job

logger = logging.getLogger("vae.prepare")  # not __main__, which no handler hears


def prepare(
    raw: list[str], reading: dict[str, Any], threads: int, images_path: str, skipped_path: str
) -> None:
    """Read with the reader of a format; write the images, and a table of files left out."""
    reader = importlib.import_module(f"vae.data.sources.{reading['format']}")
    options = dict(reading["options"])
    if "size" in options:
        options["workers"] = threads
    result = reader.read(reading.get("folder", raw), **options)
    images, skipped = result if isinstance(result, tuple) else (result, [])
    if "validation" in reading:
        images = images.hold_out(reading["validation"])
    with atomic(skipped_path) as part, open(part, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "reason"), *skipped])
    save(images, images_path)
    logger.info(
        "%d training images, %d test images, %s, %d classes; %d files left out",
        *(len(images.train), len(images.test), images.shape, len(images.class_names)),
        len(skipped),
    )


if __name__ == "__main__":
    with job(snakemake.log[0]):
        prepare(
            raw=list(snakemake.input.raw),
            reading=snakemake.params.preparation,
            threads=snakemake.threads,
            images_path=snakemake.output.images,
            skipped_path=snakemake.output.skipped,
        )
