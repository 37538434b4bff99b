"""A folder of the user's own pictures, or an archive of one: splits, classes, groups."""

import logging
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from vae.data import archives, pictures
from vae.data import masks as mask_files
from vae.data.archives import ArchiveError
from vae.data.pictures import Entry
from vae.data.streams import Raw, Stream
from vae.plan import folders
from vae.plan.layouts import MASKS, Place, layout
from vae.services.errors import UserError
from vae.services.listing import is_archive, is_hidden, is_sidecar, list_files
from vae.services.words import counted

logger = logging.getLogger(__name__)
T = TypeVar("T")

RAW = "folder"
RAW_DESCRIPTION = "a folder of pictures, or a .zip or .tar of one; docs/your-own-images.md"
WORKERS = 8
SETTINGS_FROM = {
    "vae.data.pictures": [],
    "vae.data.picture_parts": [],
    "vae.data.columns": ["group"],
}
SETTINGS = {
    "class_depth": {"type": "whole", "bounds": {"ge": 0, "le": 9}, "default": 1,
                    "description": "how many levels of a folder's subfolders make a class; `0`: "
                    "none"},
    "split_folders": {"type": "bool", "default": True,
                      "description": "whether subfolders called train, test and val are splits"},
}  # fmt: skip


def read(raw: Raw) -> Stream:
    """Read every picture below a folder, or in a .zip or .tar of one.

    What its subfolders mean says `plan.layouts.layout`. Hidden files, litter and sidecar files are
    ignored.

    Raises UserError if there is no such folder, it is empty, or the pattern of the groups is none.
    """
    (place,) = raw.paths
    settings = raw.settings
    paths, unreadable, n_ignored = _listed(place)
    if not paths:
        raise UserError(
            f"The folder of pictures {place} holds no file to read; {n_ignored} are hidden or "
            "sidecar files."
        )
    decided = layout(paths, settings["class_depth"], settings["split_folders"])
    logger.info(
        "%s: %s; hidden and sidecar files that are ignored: %d",
        place,
        folders.described(decided),
        n_ignored,
    )
    places = {path: decided.place(path) for path in paths}
    left_out = [(_text(path), where.reason) for path, where in places.items() if where.reason]
    places = {path: where for path, where in places.items() if not where.reason}
    entries = _entries(place, places, _groups([*places], settings["group"]))
    unreadable = [(_text(path), reason) for path, reason in unreadable]
    return Stream(
        _guarded(pictures.blocks(entries, raw, unreadable, left_out), place), grouped=True
    )


def masks(raw: Raw, names: Sequence[str]) -> tuple[Iterator[tuple[int, np.ndarray]], set[str]]:
    """The masks of images of defects, from the folder `ground_truth` next to those of the splits.

    names: of images that `read` gave. Returns for each image its row among these and its mask,
    bool [H, W], see `vae.data.masks`; and the files that they come from, none if there is no such
    folder.

    Raises UserError if an image has no mask, and others have one.
    """
    (place,) = raw.paths
    settings = raw.settings
    paths, *_ = _listed(place)
    decided = layout(paths, settings["class_depth"], settings["split_folders"])
    by_key = {decided.key(path): path for path in paths if decided.is_mask(path)}
    if not by_key:
        return iter(()), set()
    by_name = {_text(path): path for path in paths}
    rows = defaultdict(list)
    for row, name in enumerate(names):
        file, corner = mask_files.parted(name)
        rows[by_name.get(file, file)].append((row, corner))
    pairs = {path: by_key.get(decided.key(path)) for path in rows}
    if missing := [_text(path) for path, mask in pairs.items() if mask is None]:
        raise UserError(
            f"{place}: {len(missing)} of {len(pairs)} test images of defects have no mask in "
            f"{MASKS}, such as {missing[0]}, whose mask would be "
            f"{MASKS}/{decided.key(missing[0])}_mask.png. Add them, or remove that folder."
        )
    files = _files(place, dict.fromkeys([*pairs, *pairs.values()]))
    found = mask_files.read(files, pairs, rows, settings)
    return _guarded(found, place), {_text(mask) for mask in pairs.values()}


def _listed(place: str | Path) -> tuple[list[str], list[tuple[str, str]], int]:
    """The files of a folder or archive, what cannot be looked at, and how many are ignored."""
    try:
        if os.path.isdir(place) or not is_archive(place):
            found = list_files(place)
            return [file.path for file in found.files], found.unreadable, found.ignored
        names = sorted({*archives.names(place)})
    except OSError as error:
        raise UserError(
            f"The folder of pictures {place} cannot be read: {error.strerror}. "
            f"Paths in the config are relative to the working directory, {Path.cwd()}."
        ) from error
    except ArchiveError as error:
        raise _damaged(place, error) from error
    kept = [n for n in names if not (is_sidecar(n) or any(map(is_hidden, n.split("/"))))]
    return kept, [], len(names) - len(kept)


def _damaged(place: str | Path, error: ArchiveError) -> UserError:
    return UserError(
        f"{place} cannot be read as an archive: {error}. Unpack it, and give the folder in its "
        "place in config/config.yaml."
    )


def _guarded(parts: Iterator[T], place: str | Path) -> Iterator[T]:
    try:
        yield from parts
    except ArchiveError as error:
        raise _damaged(place, error) from error


def _entries(
    place: str | Path, places: Mapping[str, Place], groups: Mapping[str, str]
) -> Iterator[Entry]:
    for path, file in _files(place, places):
        columns = {"group": groups[path]} if groups else {}
        yield Entry(_text(path), file, _text(places[path].label), places[path].split, columns)


def _files(place: str | Path, paths: Collection[str]) -> Iterator[tuple[str, str | Path | bytes]]:
    """The path of each file, and where it is or what it contains."""
    if os.path.isdir(place):
        return ((path, os.path.join(place, path)) for path in paths)
    return archives.contents(place, paths)


def _groups(paths: Sequence[str], pattern: str | None) -> dict[str, str]:
    """The group of each path by a pattern: its first bracket or, without one, all that matches.

    A path that does not match has the group "", which is none.
    """
    if pattern is None:
        return {}
    try:
        matches = {path: re.search(pattern, path) for path in paths}
    except re.error as error:
        raise UserError(
            f"group: {pattern!r} is no regular expression: {error}. Correct it in "
            "config/config.yaml."
        ) from error
    groups = {p: m[min(1, m.re.groups)] or "" if m else "" for p, m in matches.items()}
    n_without = [*groups.values()].count("")
    if n_without == len(paths):
        raise UserError(
            f"group: {pattern!r} is found in none of the paths, such as {paths[0]!r}. Correct it "
            "in config/config.yaml."
        )
    logger.info(
        "%s by the pattern %s; %s without one",
        counted(len({*groups.values()} - {""}), "group"),
        pattern,
        counted(n_without, "file"),
    )
    return groups


def _text(path: str) -> str:
    """Return a path that can be printed: one with bytes that are no UTF-8 cannot."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
