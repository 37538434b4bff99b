"""Which columns of a table, or arrays of a file, say what of each image."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vae.services.errors import UserError

SETTINGS = {
    "image": {"type": "text", "default": None, "default_text": "by its usual names",
              "description": "name of the array, or of the column, that has the images or their "
              "paths"},
    "label": {"type": "text", "default": None, "default_text": "`label`, and the like",
              "description": "name of the array, or of the column, that has the classes"},
    "split": {"type": "text", "default": None, "default_text": "`split`, if there is one",
              "description": "name of the column that says train, validation or test"},
    "group": {"type": "text", "default": None, "default_text": "`group`, if there is one",
              "description": "which images belong together, such as those of a patient: name of "
              "the column, or for a folder a pattern of paths, `(patient_\\d+)`"},
}  # fmt: skip

# What the column of the images and the other ones are called where the config does not say.
USUAL = {
    "image": ("image", "path", "file_name", "filename", "file", "img", "image_path"),
    "label": ("label", "class", "labels"),
    "split": ("split",),
    "group": ("group",),
}
_SPLITS = {"training": "train", "val": "validation", "valid": "validation", "dev": "validation"}
_SPLITS |= {"testing": "test"} | {name: name for name in ("train", "validation", "test")}


def find(
    settings: Mapping[str, Any], names: Sequence[str], place: str, images: str | None = None
) -> dict[str, str]:
    """The columns that there are: "image", "label", "split", "group" -> name.

    names: of all columns; place: their file, for messages; images: the column of images if none
    has a usual name.

    Raises UserError if a column that the config names is missing, or none has the images.
    """
    found = {}
    for role, usual in USUAL.items():
        wanted = settings[role]
        if wanted is not None and wanted not in names:
            raise UserError(
                f"{place} has no column {wanted!r}, which {role} in config/config.yaml names. It "
                f"has: {', '.join(names)}."
            )
        known = wanted or next((name for name in usual if name in names), None)
        if role == "image":
            known = known or images
        if known is not None:
            found[role] = known
    if "image" not in found:
        raise UserError(
            f"None of the columns of {place} is called {', '.join(USUAL['image'])}. Name the one "
            f"that has the images with image in config/config.yaml. There are: {', '.join(names)}."
        )
    return found


def others(names: Sequence[str], found: dict[str, str]) -> dict[str, str]:
    """The columns that go with the images, by the name that they get: the group's is "group".

    names: of columns that may go with them; found: see `find`.
    """
    free = {name: name for name in names if name and name not in found.values()}
    return free | ({"group": found["group"]} if "group" in found else {})


def split_of(value: Any, place: str) -> str:
    """The split that a value means; "" for none. Raises UserError if it is not one."""
    text = "" if value is None else str(value).strip().lower()
    if text and text not in _SPLITS:
        raise UserError(
            f"{place}: the split {str(value)[:60]!r} is not one of train, validation and test."
        )
    return _SPLITS.get(text, "")


def splits_of_files(paths: Sequence[str]) -> dict[str, str]:
    """The split of each file: the first word of its name, or the name of its folder, says it.

    As in train-00000-of-00001.parquet and train/0000.parquet. Empty for all files unless some are
    for training and some for testing.
    """
    splits = {}
    for path in paths:
        first = re.split(r"[-_.]", Path(path).name)[0]
        of_folder = _SPLITS.get(Path(path).parent.name.lower(), "")
        splits[path] = _SPLITS.get(first.lower(), of_folder)
    return splits if {"train", "test"} <= {*splits.values()} else dict.fromkeys(splits, "")
