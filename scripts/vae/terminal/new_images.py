"""Images that a run has not seen, read by the sources' readers and prepared as the run's were."""

import glob
import importlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vae.data.streams import Block, Raw
from vae.plan.parts import default, parts
from vae.services import listing
from vae.services.cores import available_cores
from vae.services.errors import UserError

# Which reader takes a file; the others are pictures, each by itself.
READERS = {".npz": "arrays", ".npy": "arrays", ".csv": "table", ".tsv": "table"}
READERS |= {".parquet": "parquet"}
PICTURES = "folder"
# What says how an image looks, whatever the format of the run's own images.
LOOK = ("bands", "background_color", "crop", "intensity")


def read(
    paths: Sequence[str], preparation: Mapping[str, Any], image_shape: tuple[int, int, int]
) -> Iterator[Block]:
    """Yield the images that paths name, some at a time: see `vae.data.streams`.

    paths: pictures, folders with all pictures below them, patterns, arrays, tables, Parquet files.
    preparation: of the run's images, as its metadata have it.
    image_shape: (H, W, C), that of the run's images.

    Raises UserError if there is nothing to read, or arrays have another shape.
    """
    for reader, some in itertools.groupby(_expanded(paths), _reader):
        settings = _settings(reader, preparation, image_shape)
        if reader == PICTURES:
            yield from _pictures(some, settings)
            continue
        source = importlib.import_module(f"vae.data.sources.{reader}")
        for path in some:
            for block in source.read(Raw([path], settings, workers=available_cores())).blocks:
                if len(block.pixels) and block.pixels.shape[1:] != image_shape:
                    here, there = (
                        " × ".join(map(str, shape))
                        for shape in (block.pixels.shape[1:], image_shape)
                    )
                    raise UserError(
                        f"{path} has images of {here} pixels and channels, and those of the run "
                        f"are {there}. Save them as pictures, which become as large as the run's, "
                        "or resize them."
                    )
                named = [f"{path}/{file}" for file in block.files] if reader == "arrays" else None
                yield block._replace(files=named or block.files)


def _expanded(paths: Sequence[str]) -> Iterator[str]:
    """Paths, and the files that patterns name."""
    for path in paths:
        found = [path]
        if not Path(path).exists() and glob.has_magic(path):
            found = sorted(glob.glob(path, recursive=True))
            if not found:
                raise UserError(f"{path}: no file has a name like this.")
        yield from found


def _reader(path: str) -> str:
    return PICTURES if Path(path).is_dir() else READERS.get(Path(path).suffix.lower(), PICTURES)


def _settings(
    reader: str, preparation: Mapping[str, Any], image_shape: tuple[int, int, int]
) -> dict[str, Any]:
    """The settings of a reader under which images become as those of a run."""
    height, width, channels = image_shape
    stated = parts("data/sources")[reader].settings
    settings = {key: default(setting) for key, setting in stated.items()}
    same = preparation.get("format") == reader
    settings |= {
        key: value for key, value in preparation.items() if key in stated and (same or key in LOOK)
    }
    shape = {"size": [height, width], "channels": "gray" if channels == 1 else "rgb"}
    return settings | {key: value for key, value in shape.items() if key in stated}


def _pictures(paths: Iterator[str], settings: dict[str, Any]) -> Iterator[Block]:
    from vae.data import pictures  # SciPy, which arrays do without

    unreadable: list[tuple[str, str]] = []
    entries = (pictures.Entry(name, name) for name in _files(paths, unreadable))
    yield from pictures.blocks(entries, Raw([], settings, workers=available_cores()))
    yield from pictures.blocks([], Raw([], settings), unreadable)


def _files(paths: Iterator[str], unreadable: list[tuple[str, str]]) -> Iterator[str]:
    for path in paths:
        if not Path(path).is_dir():
            yield path
            continue
        found = listing.list_files(path)
        yield from (f"{path.rstrip('/')}/{file.path}" for file in found.files)
        unreadable += [(f"{path}/{name}", reason) for name, reason in found.unreadable]
