"""Caltech101: a zip file with a .tar.gz archive of JPEG files, one folder a class."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from vae.data import image_folders
from vae.data.archives import ArchiveError, tar_members
from vae.data.image_folders import Skipped
from vae.data.images import Images
from vae.data.resizing import Crop
from vae.services.errors import DamagedError

CHANNELS = 3

ARCHIVE = "101_ObjectCategories.tar.gz"
BACKGROUND = "BACKGROUND_Google"  # not a class, but pictures of anything


def read(
    raw: Sequence[str | Path],
    size: int,
    crop: Crop = "stretch",
    background: bool = False,
    test_share: float = 0.2,
    max_skipped: float = 0.05,
    workers: int | None = None,
) -> tuple[Images, list[Skipped]]:
    """Read `caltech-101.zip`; nothing is unpacked to the disk.

    raw: its path, alone.
    background: whether the folder of pictures that belong to no class makes one.
    The other parameters and what is returned: see `image_folders.read`.

    Raises UserError if the archive is damaged or not Caltech101.
    """
    (path,) = raw
    try:
        return image_folders.read(
            pictures_of(path, background), path, size, crop, test_share, max_skipped, (), workers
        )
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
