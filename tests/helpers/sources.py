"""Raw data as the rule `prepare` reads them."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from vae.data import collection
from vae.data.images import Images, Split
from vae.data.streams import Raw, Skipped, Stream
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
    return collect(stream, settings, raw[0] if raw else "nowhere")


def collect(
    stream: Stream, settings: dict[str, Any], place: str | Path
) -> tuple[Images, list[Skipped]]:
    """As `collection.collect`, with all pixels in memory."""
    images, skipped = collection.collect(stream, settings, place)
    return replace(images, **{n: _in_memory(s) for n, s in images.splits.items()}), skipped


def _in_memory(split: Split) -> Split:
    return replace(split, pixels=np.asarray(split.pixels))


def checksum(images: Images) -> str:
    """Of pixels and labels, in their order."""
    digest = hashlib.sha256()
    for split in (images.train, images.test):
        digest.update(split.pixels.tobytes() + split.labels.astype("<i8").tobytes())
    return digest.hexdigest()[:16]
