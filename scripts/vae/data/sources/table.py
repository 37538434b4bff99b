"""A table of the user's own: a row for each picture, with its path and what else is known of it."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from vae.data import columns, pictures
from vae.data.pictures import Entry
from vae.data.streams import Raw, Stream
from vae.services.errors import UserError

RAW = "file"
RAW_DESCRIPTION = "a table (.csv or .tsv) with a column of paths, relative to the table"
SETTINGS_FROM = {
    "vae.data.pictures": [],
    "vae.data.picture_parts": [],
    "vae.data.columns": [],
}
WORKERS = 8
SETTINGS = {}


def read(raw: Raw) -> Stream:
    """Read the pictures that a table names, in its order.

    It is text in UTF-8, with commas, semicolons or tabs between the columns, whose names are its
    first line. Columns other than those of paths, classes and splits go with the images, as text;
    that of the groups under the name "group".

    Raises UserError if it is not such a table, or names a picture twice.
    """
    (path,) = raw.paths
    entries = _entries(path, raw)
    return Stream(pictures.blocks(entries, raw), None, grouped=True)


def _entries(path: str, raw: Raw) -> Iterator[Entry]:
    lines: dict[str, int] = {}  # where each picture was named
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = _reader(file)
            names = next(reader, [])
            found = _checked(names, raw, path)
            others = columns.others(names, found)
            for values in reader:
                if not values:
                    continue
                place = f"{path}, line {reader.line_num}"
                if len(values) != len(names):
                    raise UserError(
                        f"{place}: {len(values)} values for {len(names)} columns. Quote what "
                        "contains the separator or a line break."
                    )
                row = dict(zip(names, values, strict=True))
                name = row[found["image"]]
                if name in lines:
                    raise UserError(
                        f"{place}: {name} is in line {lines[name]}, too. Remove one of the two: a "
                        "picture that is there twice may be trained on and tested with."
                    )
                lines[name] = reader.line_num
                yield Entry(
                    name,
                    Path(path).parent / name,
                    row[found["label"]].strip() if "label" in found else "",
                    columns.split_of(row.get(found.get("split")), place),
                    {key: row[column] for key, column in others.items()},
                )
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not text in UTF-8 ({error.reason} near byte {error.start}). Save it as CSV "
            "in UTF-8."
        ) from error
    except csv.Error as error:
        raise UserError(f"{path} cannot be read as a table: {error}.") from error


def _reader(file: TextIO) -> Iterator[list[str]]:
    """Rows, separated by what separates most of the first line."""
    header = file.readline(1 << 20)
    file.seek(0)
    separator = max(",;\t", key=header.count)
    return csv.reader(file, delimiter=separator, strict=True)


def _checked(names: list[str], raw: Raw, path: str) -> dict[str, str]:
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise UserError(f"{path} has two columns called {twice!r}. Give one another name.")
    return columns.find(raw.settings, names, path)
