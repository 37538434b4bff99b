"""Caltech101: a zip file with a .tar.gz archive of JPEG files, one folder a class."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from vae.data import pictures
from vae.data.archives import ArchiveError, tar_members
from vae.data.streams import Block, Raw, Stream
from vae.services.errors import DamagedError

CHANNELS = 3
WORKERS = 8
SETTINGS_FROM = {"vae.data.pictures": []}
SETTINGS = {
    "crop": {"type": "choice", "choices": ["fit", "stretch", "pad"], "default": "stretch",
             "default_text": "`fit`; Caltech101 `stretch`",
             "description": "how an image gets these proportions: `fit` cuts its margins, "
             "`stretch` changes its proportions, `pad` adds margins"},
    "background": {"type": "bool", "default": False,
                   "description": "Caltech101: take `BACKGROUND_Google` as a class"},
}  # fmt: skip

ARCHIVE = "101_ObjectCategories.tar.gz"
BACKGROUND = "BACKGROUND_Google"  # not a class, but pictures of anything


def read(raw: Raw) -> Stream:
    """Read `caltech-101.zip`; nothing is unpacked to the disk.

    Classes are called by the names of its folders, sorted, if `raw` has no names.

    Raises UserError if the archive is damaged or not Caltech101.
    """
    return Stream(_blocks(raw), tuple(raw.class_names) or None)


def _blocks(raw: Raw) -> Iterator[Block]:
    (path,) = raw.paths
    try:
        files = pictures_of(path, raw.settings["background"])
        yield from pictures.blocks(pictures.in_folders(files), raw)
    except ArchiveError as error:
        raise DamagedError(
            f"{path} is not the archive of Caltech101, or damaged: {error}.", path
        ) from error


def pictures_of(path: str | Path, background: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield "class/file" and the content of each JPEG file.

    Raises ArchiveError if the archive is damaged or not Caltech101.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.split("/")[-1] == ARCHIVE]
            if not names:
                raise ArchiveError(f"it holds no {ARCHIVE}")
            with archive.open(names[0]) as file:
                for member, content in tar_members(file):
                    litter = member.name.startswith(".") or member.suffix != ".jpg"
                    if not litter and (background or member.parent.name != BACKGROUND):
                        yield f"{member.parent.name}/{member.name}", content
    except (ArchiveError, FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:  # zipfile raises whatever its parsing stumbles over
        raise ArchiveError(str(error)) from error
