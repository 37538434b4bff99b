"""A folder of the user's own pictures: one subfolder per class, or none."""

import os
from pathlib import Path

from vae.data import pictures
from vae.data.streams import Raw, Stream
from vae.services.errors import UserError
from vae.services.listing import walk

RAW = "folder"
RAW_DESCRIPTION = "a folder of pictures, one subfolder per class (or none)"
WORKERS = 8
SETTINGS_FROM = {"vae.data.pictures": []}
SETTINGS = {}


def read(raw: Raw) -> Stream:
    """Read every picture below a folder.

    Each subfolder is a class, with whatever is deeper in it. Without subfolders the images have no
    labels; otherwise files next to the subfolders are skipped. Hidden files are ignored.

    Raises UserError if there is no such folder, or it is empty.
    """
    (folder,) = raw.paths
    unreadable = []
    try:
        paths = sorted(file.path for file in walk(folder, unreadable))
    except OSError as error:
        raise UserError(
            f"The folder of pictures {folder} cannot be read: {error.strerror}. "
            f"Paths in the config are relative to the working directory, {Path.cwd()}."
        ) from error
    if not paths:
        raise UserError(f"The folder of pictures {folder} holds no file that is not hidden.")
    unreadable = [(_text(path), reason) for path, reason in sorted(unreadable)]
    if any("/" in path for path in paths):
        without_class = [path for path in paths if "/" not in path]
        unreadable += [(_text(path), "beside the folders of the classes") for path in without_class]
        paths = [path for path in paths if "/" in path]
    files = ((_text(path), os.path.join(folder, path)) for path in paths)
    blocks = pictures.blocks(pictures.in_folders(files), raw, unreadable)
    return Stream(blocks, tuple(raw.class_names) or None)


def _text(path: str) -> str:
    """Return a path that can be printed: one with bytes that are no UTF-8 cannot."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
