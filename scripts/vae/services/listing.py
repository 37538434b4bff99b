"""The files below a folder, and a signature that changes when they do.

Imported by the Snakefile: no NumPy, no Pillow here.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# What file managers leave behind, beside hidden files.
LITTER = frozenset({"desktop.ini", "thumbs.db", "__macosx"})


class File(NamedTuple):
    """A regular file: its path within the folder, with "/", size in bytes, time of change in ns."""

    path: str
    size: int
    mtime_ns: int


@dataclass
class Listing:
    """What a folder holds.

    files: sorted by path.
    unreadable: what could not be looked at, as pairs of path and reason.
    """

    files: list[File] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def signature(*places: str | Path) -> str:
    """Hash the paths, sizes and times of files, and of those below folders: 50,000 in a second.

    Raises OSError if a file or a folder itself cannot be read.
    """
    digest = hashlib.sha256()
    for place in places:
        status = os.stat(place)
        alone = File(os.path.basename(place), status.st_size, status.st_mtime_ns)
        for file in list_files(place).files if stat.S_ISDIR(status.st_mode) else [alone]:
            digest.update(os.fsencode(f"{file.path}\0{file.size}\0{file.mtime_ns}\0"))
    return digest.hexdigest()[:16]


def classes(folder: str | Path) -> list[str]:
    """The subfolders of a folder that hold files, sorted.

    Raises OSError where the folder itself cannot be read.
    """
    paths = (file.path for file in list_files(folder).files)
    return sorted({path.partition("/")[0] for path in paths if "/" in path})


def list_files(folder: str | Path) -> Listing:
    """List the regular files below a folder, except hidden ones and litter.

    Links are followed, but not those to a folder on the way to them.

    Raises OSError where the folder itself cannot be read.
    """
    listing = Listing()
    listing.files = sorted(walk(folder, listing.unreadable))
    listing.unreadable.sort()
    return listing


def walk(folder: str | Path, unreadable: list[tuple[str, str]]) -> Iterator[File]:
    """Yield what `list_files` lists, in any order; put what could not be looked at on `unreadable`.

    Raises OSError where the folder itself cannot be read.
    """
    todo = [("", os.fspath(folder), frozenset())]
    while todo:
        prefix, path, above = todo.pop()
        try:
            status = os.stat(path)
            above = above | {(status.st_dev, status.st_ino)}
            names = [n for n in os.listdir(path) if n[0] != "." and n.lower() not in LITTER]
        except OSError as error:
            if not prefix:
                raise
            unreadable.append((prefix.removesuffix("/"), error.strerror))
            continue
        for last in names:
            name, location = prefix + last, os.path.join(path, last)
            try:
                status = os.stat(location)
            except OSError as error:
                unreadable.append((name, error.strerror))
                continue
            if stat.S_ISREG(status.st_mode):
                yield File(name, status.st_size, status.st_mtime_ns)
            elif not stat.S_ISDIR(status.st_mode):
                unreadable.append((name, "neither a file nor a folder"))
            elif (status.st_dev, status.st_ino) in above:
                unreadable.append((name, "a link to a folder that it lies in"))
            else:
                todo.append((f"{name}/", location, above))
