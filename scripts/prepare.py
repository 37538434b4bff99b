"""Read the raw files of a dataset into uint8 images with labels, training and test set."""

import importlib
import logging
from typing import Any

from scripts.vae.images import save
from scripts.vae.jobs import job

logger = logging.getLogger(__name__)


def prepare(raw: list[str], reading: dict[str, Any], path: str) -> None:
    """Read raw files with the reader of their format and write one npz file."""
    reader = importlib.import_module(f"scripts.vae.sources.{reading['format']}")
    images = reader.read(raw, class_names=tuple(reading["class_names"]))
    save(images, path)
    logger.info(
        "%d training images, %d test images, %s, %d classes",
        *(len(images.train), len(images.test), images.shape, len(images.class_names)),
    )


if __name__ == "__main__":
    with job(snakemake.log[0]):
        prepare(
            raw=list(snakemake.input.raw),
            reading=snakemake.params.reading,
            path=snakemake.output.images,
        )
