"""Encoded pictures, from folders, tables or archives, as a stream of thumbnails."""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from vae.data.image_files import Look
from vae.data.intensity import chosen
from vae.data.picture_parts import WHOLE, parts_by
from vae.data.resizing import File, sides, thumbnails
from vae.data.streams import Block, Raw, Skipped
from vae.services.errors import UserError
from vae.services.progress import Progress

logger = logging.getLogger(__name__)

# Of every source of pictures.
SETTINGS = {
    "size": {"type": "whole", "bounds": {"ge": 1, "le": 4096}, "lists": [2], "required": True,
             "description": "pixels on a side, or `[height, width]`; needed"},
    "crop": {"type": "choice", "choices": ["fit", "stretch", "pad"], "default": "fit",
             "default_text": "`fit`; Caltech101 `stretch`",
             "description": "how an image gets these proportions: `fit` cuts its margins, "
             "`stretch` changes its proportions, `pad` adds margins"},
    "channels": {"type": "choice", "choices": ["gray", "rgb"], "default": None,
                 "default_text": "`rgb`; as many as `bands`",
                 "description": "make the images gray, or colour"},
    "bands": {"type": "whole", "bounds": {"ge": 1, "le": 1000}, "lists": [1, 3], "default": None,
              "default_text": "all",
              "description": "which bands of a file to take, counted from 1: one as gray (`[2]`), "
              "or three as red, green and blue (`[3, 1, 2]`)"},
    "background_color": {"type": "choice", "choices": ["white", "black"], "default": "white",
                         "description": "what transparent pixels become"},
    "intensity": {"type": "real", "bounds": {"ge": -1e30, "le": 1e30}, "lists": [2],
                  "choices": ["type", "percentile"], "default": None,
                  "default_text": "`type`, unless it leaves the images dark",
                  "description": "what becomes black and white: `[low, high]`; `percentile`, 0.1 "
                  "and 99.9 of the training images; `type`: 0 and 255, 65,535 (16 bits) or 1 "
                  "(floats)"},
    "test_share": {"type": "real", "bounds": {"gt": 0, "lt": 1}, "default": 0.2,
                   "description": "share of each class that is kept for testing, the same on every "
                   "machine"},
    "max_skipped": {"type": "real", "bounds": {"ge": 0, "le": 1}, "default": 0.05,
                    "description": "share of files that may be unreadable; "
                    "`results/<dataset>/skipped.csv` names them"},
}  # fmt: skip


class Entry(NamedTuple):
    """A picture, and what its source says of it; see `streams.Block`.

    file: its path, or what such a file holds.
    """

    name: str
    file: str | Path | bytes
    label: str = ""
    split: str = ""
    columns: Mapping[str, Any] = MappingProxyType({})


def look(settings: Mapping[str, Any]) -> Look:
    """How pictures are decoded by these settings, which are those of SETTINGS.

    Raises UserError if they contradict each other.
    """
    bands, channels = settings["bands"], settings["channels"]
    bands = tuple([bands] if isinstance(bands, int) else bands or ())
    fits = "gray" if len(bands) == 1 else "rgb"
    if bands and channels not in (None, fits):
        raise UserError(
            f"bands: {list(bands)} makes {fits} images, and channels says {channels}. Correct one "
            "of them in config/config.yaml."
        )
    intensity = chosen(settings["intensity"])
    center = settings.get("center", 1)
    return Look(channels or fits, bands, settings["background_color"], intensity, center)


def look_of(preparation: Mapping[str, Any], channels: int) -> Look:
    """How other pictures are decoded in the way of a run's images, by their `preparation`.

    Images that were not made from pictures, which nobody cropped, say nothing about pictures.
    """
    kept = preparation if "crop" in preparation else {}
    settings = {"bands": None, "background_color": "white", "intensity": None} | dict(kept)
    return look(settings | {"channels": "gray" if channels == 1 else "rgb"})


def in_folders(files: Iterable[File]) -> Iterator[Entry]:
    """Pictures with the first folder of their paths as their class; without one they have none."""
    for name, file in files:
        yield Entry(name, file, name.partition("/")[0] if "/" in name else "")


def blocks(
    entries: Iterable[Entry],
    raw: Raw,
    unreadable: Iterable[tuple[str, str]] = (),
    left_out: Iterable[tuple[str, str]] = (),
) -> Iterator[Block]:
    """Yield thumbnails of pictures, in their order.

    entries: taken as they are needed.
    raw: its settings are those of SETTINGS; see `resizing.thumbnail`.
    unreadable: names of further files that are unreadable, and the reasons.
    left_out: the same of files that are left out on purpose.
    """
    size, how = raw.settings["size"], look(raw.settings)
    pending: deque[Entry] = deque()  # whose thumbnails are being made
    count, start, progress = 0, time.monotonic(), Progress(logger, seconds=10)
    several = left_out_parts = 0
    parts = parts_by(raw.settings)
    skipped, on_purpose = ([Skipped(*about) for about in some] for some in (unreadable, left_out))
    nothing = how.empty(*sides(size))
    yield Block(nothing, [], [], [], skipped=skipped, left_out=on_purpose)
    files = _remembered(entries, pending)
    for pixels, outcomes in thumbnails(files, size, raw.settings["crop"], raw.workers, how, parts):
        found = [(pending.popleft() if o.last else pending[0], o) for o in outcomes]
        rows = [(entry, name) for entry, outcome in found for name in outcome.images]
        columns = {name: [row.columns[name] for row, _ in rows] for name in found[0][0].columns}
        if parts is not WHOLE:
            columns["group"] = [_group(entry, name) for entry, name in rows]
        yield Block(
            pixels,
            labels=[row.label for row, _ in rows],
            files=[name for _, name in rows],
            splits=[row.split for row, _ in rows],
            columns=columns,
            skipped=[Skipped(*about) for outcome in outcomes for about in outcome.unreadable],
        )
        several += sum(outcome.several for outcome in outcomes)
        left_out_parts += sum(outcome.left_out for outcome in outcomes)
        count += len(rows)
        rate = count / max(time.monotonic() - start, 1e-9)
        progress.info("%d pictures, %.0f a second", count, rate)
    if several:
        logger.warning("%d files have several frames or pages: the first was taken", several)
    if left_out_parts:
        logger.warning(
            "%d pages and tiles were left out: pages of another size than the first, marked as "
            "reduced or as masks, or beyond max_pages; tiles under min_contrast",
            left_out_parts,
        )


def _group(entry: Entry, name: str) -> Any:
    """The group of an image: its file's, by default the file if it has several images."""
    return entry.columns.get("group") or (entry.name if name != entry.name else "")


def _remembered(entries: Iterable[Entry], pending: deque[Entry]) -> Iterator[File]:
    for entry in entries:
        pending.append(entry._replace(file=""))  # its content may be large
        yield entry.name, entry.file
