"""Raw data as the rule `prepare` reads them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from vae.data import preparation
from vae.data.images import Images
from vae.data.streams import Raw, Skipped
from vae.plan.datasets import source_settings


def read(
    source: ModuleType,
    *raw: str | Path,
    class_names: Sequence[str] = (),
    workers: int = 1,
    **settings: Any,
) -> tuple[Images, list[Skipped]]:
    """The images that a module of `vae.data.sources` reads, and the files that it leaves out.

    settings: by default what the module states.
    """
    settings = source_settings(source.__name__.rpartition(".")[2], settings)
    stream = source.read(Raw(raw, settings, class_names, workers))
    return preparation.collect(stream, settings, raw[0] if raw else "nowhere")


def checksum(images: Images) -> str:
    """Of pixels and labels, in their order."""
    digest = hashlib.sha256()
    for split in (images.train, images.test):
        digest.update(split.pixels.tobytes() + split.labels.astype("<i8").tobytes())
    return digest.hexdigest()[:16]
