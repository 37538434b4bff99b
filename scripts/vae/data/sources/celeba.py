"""CelebA, aligned and cropped faces: http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html.

A zip file of JPEG files of 178x218 pixels; a text file with a line "000001.jpg 0" for each of them,
0 to train, 1 to validate, 2 to test; and one with their number, the names of 40 attributes, and
lines "000001.jpg -1 1 ...".
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from vae.data import pictures
from vae.data.pictures import Entry
from vae.data.streams import Raw, Stream
from vae.services.errors import UserError, reading_raw

CHANNELS = 3
WORKERS = 8
SETTINGS_FROM = {
    "vae.data.pictures": ["size", "crop", "channels", "bands", "background_color", "intensity",
                          "max_skipped"],
}  # fmt: skip
SETTINGS = {
    "center": {"type": "real", "bounds": {"gt": 0, "le": 1}, "default": 0.8315,
               "description": "CelebA: the square in the middle that is taken, as a share of the "
               "shorter side; 0.8315 is the usual one of 148 pixels"},
}  # fmt: skip

IMAGES = "img_align_celeba.zip"
PARTITION = "list_eval_partition.txt"
ATTRIBUTES = "list_attr_celeba.txt"

_SPLITS = {"0": "train", "1": "validation", "2": "test"}
_VALUES = {"-1": 0, "1": 1}
_LARGEST = 1 << 24  # bytes of a picture


def read(raw: Raw) -> Stream:
    """Read the three files. The attributes become columns of 0 and 1; there are no classes.

    Raises UserError if a file is missing, damaged or does not fit the others.
    """
    paths = {Path(path).name: path for path in raw.paths}
    if missing := [name for name in (IMAGES, PARTITION, ATTRIBUTES) if name not in paths]:
        raise UserError(f"The file {missing[0]} is missing: name it in config/sources.yaml.")
    with reading_raw(paths[PARTITION]):
        splits = _partition(paths[PARTITION])
    with reading_raw(paths[ATTRIBUTES]):
        names, attributes = _attributes(paths[ATTRIBUTES])
        if lacks := splits.keys() - attributes.keys():
            raise ValueError(f"it has nothing about {min(lacks)}")
    entries = _entries(paths[IMAGES], splits, names, attributes)
    return Stream(pictures.blocks(entries, raw), ())


def _partition(path: str | Path) -> dict[str, str]:
    """The split of each file."""
    splits = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            name, number, *rest = [*line.split(), "", ""]
            if number not in _SPLITS or any(rest):
                raise ValueError(f"a line is {line.strip()[:60]!r}, not a file and 0, 1 or 2")
            splits[name] = _SPLITS[number]
    if not splits:
        raise ValueError("it is empty")
    return splits


def _attributes(path: str | Path) -> tuple[list[str], dict[str, bytes]]:
    """The names of the attributes, and for each file a byte of 0 or 1 for each of them."""
    with open(path, encoding="ascii") as lines:
        next(lines, "")  # their number
        names = next(lines, "").split()
        rows = {}
        for line in lines:
            name, *values = line.split()
            if len(values) != len(names) or not _VALUES.keys() >= {*values}:
                raise ValueError(f"{name} has not {len(names)} values of -1 or 1")
            rows[name] = bytes(_VALUES[value] for value in values)
    return names, rows


def _entries(
    path: str | Path, splits: dict[str, str], names: list[str], attributes: dict[str, bytes]
) -> Iterator[Entry]:
    with reading_raw(path), zipfile.ZipFile(path) as archive:
        members = {Path(info.filename).name: info for info in archive.infolist()}
        if lacks := splits.keys() - members.keys():
            raise ValueError(f"it lacks {min(lacks)}")
        for name, split in splits.items():
            if members[name].file_size > _LARGEST:
                raise ValueError(f"{name} in it is larger than {_LARGEST:,} bytes")
            columns = dict(zip(names, attributes[name], strict=True))
            yield Entry(name, archive.read(members[name]), split=split, columns=columns)
