"""A folder of pictures of one's own: one subfolder a class, or none."""

import os
from pathlib import Path

from vae.data import image_folders
from vae.data.image_folders import Skipped
from vae.data.images import Images
from vae.data.resizing import Crop
from vae.services.errors import UserError
from vae.services.listing import list_files


def read(
    folder: str | Path,
    size: int,
    crop: Crop = "fit",
    test_share: float = 0.2,
    max_skipped: float = 0.05,
    workers: int | None = None,
) -> tuple[Images, list[Skipped]]:
    """Read every picture below a folder.

    Each subfolder is a class, with whatever lies deeper in it. Where there are none, the images
    have no labels; where there are some, files beside them are skipped. Hidden files are ignored.
    The other parameters and what is returned: see `pictures.read`.

    Raises UserError where there is no such folder, too many of its files are no picture, or too
    few are one.
    """
    try:
        listing = list_files(folder)
    except OSError as error:
        raise UserError(
            f"The folder of pictures {folder} cannot be read: {error.strerror}. "
            f"Paths in the config are relative to the working directory, {Path.cwd()}."
        ) from error
    if not listing.files:
        raise UserError(f"The folder of pictures {folder} holds no file that is not hidden.")
    paths = [file.path for file in listing.files]
    unreadable = [(_text(path), reason) for path, reason in listing.unreadable]
    if any("/" in path for path in paths):
        beside = [path for path in paths if "/" not in path]
        unreadable += [(_text(path), "beside the folders of the classes") for path in beside]
        paths = [path for path in paths if "/" in path]
    files = ((_text(path), os.path.join(folder, path)) for path in paths)
    return image_folders.read(
        files, folder, size, crop, test_share, max_skipped, unreadable, workers
    )


def _text(path: str) -> str:
    """Return a path that can be printed: one with bytes that are no UTF-8 cannot."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
