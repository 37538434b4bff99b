"""The files below a folder, and a signature that changes when they do.

Imported by the Snakefile: no NumPy, no Pillow here.
"""

import gc
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

# What file managers leave behind, beside hidden files.
LITTER = frozenset({"desktop.ini", "thumbs.db", "__macosx"})
# Text about pictures, which lies next to them: sidecar files, notes, tables.
SIDECARS = frozenset(
    ".aae .csv .htm .html .json .log .md .md5 .rst .sha256 .thm .tsv .txt .url .xml .xmp .yaml "
    ".yml".split()
)
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_CLOCK = 2  # seconds: the steps in which FAT disks and zip files keep times


class File(NamedTuple):
    """A regular file: its path within the folder, with "/", its size in bytes, its time.

    time: of its last change, in whole even seconds since 1970, which every disk keeps.
    """

    path: str
    size: int
    time: int


@dataclass
class Listing:
    """What a folder holds.

    files: sorted by path.
    unreadable: what could not be looked at, as pairs of path and reason.
    ignored: how many hidden files and folders, litter of file managers and sidecar files there are.
    """

    files: list[File] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    ignored: int = 0


def _even(status: os.stat_result) -> int:
    return int(status.st_mtime) // _CLOCK * _CLOCK


def is_archive(path: str | Path) -> bool:
    """Whether a path, by its ending, is that of an archive which is read as a folder."""
    return str(path).lower().endswith(ARCHIVES)


def is_hidden(name: str) -> bool:
    """Whether the name of a file or folder is that of a hidden one, or of litter."""
    return name[0] == "." or name.lower() in LITTER


def is_sidecar(name: str) -> bool:
    """Whether a file, by its name, says something about pictures and is none."""
    return name[name.rfind(".") :].lower() in SIDECARS


def signature(files: Iterable[File]) -> str:
    """Hash the paths, sizes and times of files: a copy with its times has the same."""
    lines = "".join([f"{path}\0{size}\0{time}\0" for path, size, time in files])
    return hashlib.sha256(os.fsencode(lines)).hexdigest()[:16]


def of_files(paths: Sequence[str]) -> list[File]:
    """These files, in their order, with paths relative to the folder that they have in common.

    Raises OSError if one cannot be looked at.
    """
    folder = os.path.commonpath([os.path.dirname(path) for path in paths]) if paths else ""
    return [
        File(os.path.relpath(path, folder or "."), status.st_size, _even(status))
        for path, status in ((path, os.stat(path)) for path in paths)
    ]


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Each of so many tuples would be looked at again and again: half a second for 200,000."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_without_garbage_collection()
def list_files(folder: str | Path) -> Listing:
    """List the regular files below a folder, except hidden ones, litter and sidecar files.

    200,000 take a second. Links are followed, but not those to a folder on the way to them.

    Raises OSError if the folder itself cannot be read.
    """
    listing = Listing()
    todo = [("", os.fspath(folder), frozenset())]
    while todo:
        prefix, path, above = todo.pop()
        try:
            status = os.stat(path)
            above = above | {(status.st_dev, status.st_ino)}
            with os.scandir(path) as scan:
                entries = list(scan)
        except OSError as error:
            if not prefix:
                raise
            listing.unreadable.append((prefix.removesuffix("/"), error.strerror))
            continue
        for entry in entries:
            if is_hidden(entry.name):
                listing.ignored += 1
                continue
            name = prefix + entry.name
            try:
                status = entry.stat()
            except OSError as error:
                listing.unreadable.append((name, error.strerror))
                continue
            if stat.S_ISREG(status.st_mode):
                if is_sidecar(name):
                    listing.ignored += 1
                else:
                    listing.files.append(File(name, status.st_size, _even(status)))
            elif not stat.S_ISDIR(status.st_mode):
                listing.unreadable.append((name, "neither a file nor a folder"))
            elif (status.st_dev, status.st_ino) in above:
                listing.unreadable.append((name, "a link to a folder that it lies in"))
            else:
                todo.append((f"{name}/", entry.path, above))
    listing.files.sort(key=itemgetter(0))  # a third of the time that whole tuples take
    listing.unreadable.sort()
    return listing
