"""Parquet files of the user's own, in the layout of image data sets on Hugging Face.

The column of images is a struct of `bytes`, an encoded picture, and `path`, or bytes alone; the
column of labels has numbers or texts. The names of the classes are in the schema's metadata.
"""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vae.data import columns, pictures
from vae.data.pictures import Entry
from vae.data.streams import Raw, Stream
from vae.services.errors import UserError

logger = logging.getLogger(__name__)

RAW = "files"
RAW_DESCRIPTION = (
    "Parquet files of encoded images: a file, a folder, or a pattern such as `*.parquet`"
)
SETTINGS_FROM = {
    "vae.data.pictures": [],
    "vae.data.picture_parts": [],
    "vae.data.columns": [],
}
WORKERS = 8
SETTINGS = {}

_ROWS = 32  # at a time
_BUFFER = 1 << 20  # bytes
_LARGE = 1 << 30  # bytes of a row group that are worth a warning


def read(raw: Raw) -> Stream:
    """Read the pictures in Parquet files, in the order of the files' names.

    A split comes from its column or, if there is none, from the names of the files, see
    `columns.splits_of_files`. Columns of numbers and texts other than those of labels and splits go
    with the images.

    Raises UserError if the files are damaged, differ, or have no images.
    """
    first = raw.paths[0]
    with _reading(first):
        schema = pq.read_schema(first)
    found = columns.find(raw.settings, schema.names, first, _first_struct(schema))
    image, label = (schema.field(found[r]).type if r in found else None for r in ("image", "label"))
    if not (_is_struct(image) or _is_bytes(image) or _is_text(image)):
        raise UserError(
            f"{first}: the column {found['image']!r} is {image}, which has no images: those are "
            "bytes, a struct of bytes and path, or paths."
        )
    if label is not None and not (_is_text(label) or pa.types.is_integer(label)):
        raise UserError(
            f"{first}: the column {found['label']!r} is {label}. Classes are numbers or text; "
            "name their column with label in config/config.yaml."
        )
    names = _class_names(schema, found.get("label"))
    blocks = pictures.blocks(_entries(raw, schema, found, names), raw)
    return Stream(blocks, tuple(names) or None, grouped=True)


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """What pyarrow stumbles over within means that a file is damaged or not Parquet."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise UserError(
            f"{path} is damaged or not a Parquet file: {str(error).partition(chr(10))[0]}."
        ) from error


def _entries(
    raw: Raw, schema: pa.Schema, found: dict[str, str], names: Sequence[str]
) -> Iterator[Entry]:
    others = _others(schema, found)
    used = list(dict.fromkeys([*found.values(), *others.values()]))
    top = os.path.commonpath([Path(path).parent for path in raw.paths])
    by_name = {} if "split" in found else columns.splits_of_files(raw.paths)
    for path in raw.paths:
        number = 0
        for rows in _rows(path, schema, used):
            for row in rows:
                place = f"{path}, row {number}"
                yield Entry(
                    f"{os.path.relpath(path, top)}/{number}",
                    _file(row[found["image"]], path),
                    _label(row.get(found.get("label")), names, place),
                    columns.split_of(row.get(found.get("split")), place) or by_name.get(path, ""),
                    {name: row[column] for name, column in others.items()},
                )
                number += 1


def _rows(path: str, schema: pa.Schema, used: list[str]) -> Iterator[list[dict[str, Any]]]:
    # Buffered ahead, which is the default, all that was read of a file stays until its end.
    options = {"pre_buffer": False, "buffer_size": _BUFFER}
    with _reading(path), pq.ParquetFile(path, **options) as file:
        for name in used:
            here = file.schema_arrow.field(name).type if name in file.schema_arrow.names else None
            if here != schema.field(name).type:
                raise UserError(
                    f"{path}: the column {name!r} is {here or 'missing'}, and in the first file it "
                    f"is {schema.field(name).type}. All files need the same columns."
                )
        sizes = [file.metadata.row_group(i).total_byte_size for i in range(file.num_row_groups)]
        if max(sizes, default=0) > _LARGE:
            logger.warning(
                "%s has a row group of %.1f GB, and memory may have to hold it: write the file "
                "with smaller ones if that is too much",
                *(path, max(sizes) / 1e9),
            )
        # Without threads, since processes that resize are forked from this one.
        for batch in file.iter_batches(_ROWS, columns=used, use_threads=False):
            yield batch.to_pylist()


def _file(value: Any, path: str) -> str | Path | bytes:
    """The picture that a value is or names; empty if it is missing."""
    if isinstance(value, dict):
        value = value["bytes"] if value["bytes"] is not None else value.get("path")
    if isinstance(value, str):
        return Path(path).parent / value
    return value or b""


def _label(value: Any, names: Sequence[str], place: str) -> str:
    if value is None:
        return ""
    if not names or isinstance(value, str):
        return str(value)
    if value >= len(names):
        raise UserError(f"{place}: the label {value}, and there are {len(names)} class names.")
    return names[value] if value >= 0 else ""


def _class_names(schema: pa.Schema, label: str | None) -> list[str]:
    """The names of the classes, by their numbers, as the library `datasets` writes them."""
    try:
        about = json.loads((schema.metadata or {})[b"huggingface"])
        names = about["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return []
    different = isinstance(names, list) and len({*map(str, names)}) == len(names)
    return [str(name) for name in names] if different and "" not in names else []


def _others(schema: pa.Schema, found: dict[str, str]) -> dict[str, str]:
    """The columns that go with the images, by the name that they get."""
    free = [field for field in schema if field.name and field.name not in found.values()]
    plain = [f.name for f in free if _is_text(f.type) or _is_number(f.type)]
    if left := [field.name for field in free if field.name not in plain]:
        logger.info("columns that are neither numbers nor text are left out: %s", ", ".join(left))
    return columns.others(plain, found)


def _first_struct(schema: pa.Schema) -> str | None:
    return next((field.name for field in schema if _is_struct(field.type)), None)


def _is_struct(kind: pa.DataType) -> bool:
    names = [kind.field(i).name for i in range(kind.num_fields)] if pa.types.is_struct(kind) else []
    return "bytes" in names and _is_bytes(kind.field("bytes").type)


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
