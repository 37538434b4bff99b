"""A folder of the user's own pictures: one subfolder per class, or none."""

import os
from pathlib import Path

from vae.data import image_folders
from vae.data.image_folders import Skipped
from vae.data.images import Images
from vae.data.resizing import Crop
from vae.services.errors import UserError
from vae.services.listing import list_files

CHANNELS = 3


def read(
    folder: str | Path,
    size: int,
    crop: Crop = "fit",
    test_share: float = 0.2,
    max_skipped: float = 0.05,
    workers: int | None = None,
) -> tuple[Images, list[Skipped]]:
    """Read every picture below a folder.

    Each subfolder is a class, with whatever is deeper in it. Without subfolders the images have no
    labels; otherwise files next to the subfolders are skipped. Hidden files are ignored. The other
    parameters and what is returned: see `image_folders.read`.

    Raises UserError if there is no such folder, or too many of its files are no pictures, or too
    few are.
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
        without_class = [path for path in paths if "/" not in path]
        unreadable += [(_text(path), "beside the folders of the classes") for path in without_class]
        paths = [path for path in paths if "/" in path]
    files = ((_text(path), os.path.join(folder, path)) for path in paths)
    return image_folders.read(
        files, folder, size, crop, test_share, max_skipped, unreadable, workers
    )


def _text(path: str) -> str:
    """Return a path that can be printed: one with bytes that are no UTF-8 cannot."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
