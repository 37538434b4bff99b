"""The files below a folder, and a signature that changes when they do.

Imported by the Snakefile: no NumPy, no Pillow here.
"""

import hashlib
import os
import stat
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


def signature(folder: str | Path) -> str:
    """Hash the paths, sizes and times of the files below a folder: 50,000 of them in a second.

    Raises OSError where the folder itself cannot be read.
    """
    digest = hashlib.sha256()
    for file in list_files(folder).files:
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
    todo = [("", os.fspath(folder), frozenset())]
    while todo:
        prefix, path, above = todo.pop()
        try:
            status = os.stat(path)
            above = above | {(status.st_dev, status.st_ino)}
            with os.scandir(path) as entries:
                names = [e for e in entries if e.name[0] != "." and e.name.lower() not in LITTER]
        except OSError as error:
            if not prefix:
                raise
            listing.unreadable.append((prefix.removesuffix("/"), error.strerror))
            continue
        for entry in names:
            name = prefix + entry.name
            try:
                status = entry.stat()
            except OSError as error:
                listing.unreadable.append((name, error.strerror))
                continue
            if stat.S_ISREG(status.st_mode):
                listing.files.append(File(name, status.st_size, status.st_mtime_ns))
            elif not stat.S_ISDIR(status.st_mode):
                listing.unreadable.append((name, "neither a file nor a folder"))
            elif (status.st_dev, status.st_ino) in above:
                listing.unreadable.append((name, "a link to a folder that it lies in"))
            else:
                todo.append((f"{name}/", entry.path, above))
    listing.files.sort()
    listing.unreadable.sort()
    return listing
