"""Masks of defects: from pictures in `ground_truth` to pixels of the test images."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from PIL import ExifTags, ImageOps

from vae.data.image_files import UnreadableError, opened
from vae.data.resizing import Crop, Size, framed, sides
from vae.services import npz
from vae.services.errors import UserError, reading

MEMBER = "test_mask_pixels"  # of images.npz, which `vae.data.images` maps and leaves alone

# Of an image: the file that it comes from, and the place of its tile: "scan.png[512,1024]".
_NAME = re.compile(r"(?P<file>.*?)(?:\[(?P<top>\d+),(?P<left>\d+)\])?", re.DOTALL)

Corner = tuple[int, int] | None  # top and left of a tile


def parted(name: str) -> tuple[str, Corner]:
    """The file that an image comes from, and the corner of its tile, None for a whole picture."""
    found = _NAME.fullmatch(name)
    corner = (int(found["top"]), int(found["left"])) if found["top"] else None
    return found["file"], corner


def read(
    files: Iterable[tuple[str, str | Path | bytes]],
    pairs: Mapping[str, str],
    rows: Mapping[str, Sequence[tuple[int, Corner]]],
    settings: Mapping[str, Any],
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the masks of images: its row, and bool [H, W], true where the mask is not black.

    A mask gets the crop of its picture, and the nearest of its pixels.

    files: pictures and their masks, in any order: a path, and where it is or what it contains.
    pairs: of each picture the path of its mask. rows: of each picture the rows of its images, and
    their corners. settings: those of the pictures.

    Raises UserError if a mask is unreadable, or of another size than its picture.
    """
    images: dict[str, list[tuple[int, Corner]]] = {}
    for picture, mask in pairs.items():
        images.setdefault(mask, []).extend(rows[picture])
    shapes = {}
    for path, file in files:
        if path not in images:
            shapes[path] = _shape(file, settings["max_pixels"])
            continue
        mask = _decoded(path, file, settings["max_pixels"])
        shapes[path] = mask.shape
        for row, corner in images[path]:
            part = mask
            if corner:
                part = mask[tuple(slice(at, at + settings["tiles"]["size"]) for at in corner)]
            if part.size:
                yield row, resized(part, settings["size"], settings["crop"])
    for picture, mask in pairs.items():
        if shapes[picture] != shapes[mask]:
            here, there = (" × ".join(map(str, shapes[path])) for path in (mask, picture))
            raise UserError(
                f"The mask {mask} has {here} pixels, and its picture {picture} {there}. Save it "
                "at the size of its picture, then run the same command again."
            )


def _shape(file: str | Path | bytes, max_pixels: int | None) -> tuple[int, int]:
    """Height and width of a picture that is upright; only its head is read."""
    with opened(file, max_pixels) as image:
        width, height = image.size
        lies = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    return (width, height) if lies else (height, width)


def _decoded(path: str, file: str | Path | bytes, max_pixels: int | None) -> np.ndarray:
    try:
        with opened(file, max_pixels) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("L")) > 0
    except UnreadableError as error:
        raise UserError(
            f"The mask {path} cannot be read as a picture: {error}. Replace it, then run the same "
            "command again."
        ) from error


def resized(mask: np.ndarray, size: Size, crop: Crop) -> np.ndarray:
    """A mask [h, w] of a picture as one of its image [H, W]: the same crop, the nearest pixel."""
    height, width = sides(size)
    frame = np.zeros((height, width), mask.dtype)
    (left, top, right, bottom), (columns, rows) = framed(mask.shape[::-1], (width, height), crop)
    down = top + (np.arange(rows) + 0.5) * (bottom - top) / rows
    across = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y, x = (height - rows) // 2, (width - columns) // 2
    frame[y : y + rows, x : x + columns] = mask[np.ix_(down.astype(int), across.astype(int))]
    return frame


def write(
    masks: Iterable[tuple[int, np.ndarray]], shape: tuple[int, int, int], path: str | Path
) -> None:
    """Add masks to images.npz: bool [N, H, W] of that shape, false where there is none.

    masks: the row of each and its pixels, in any order; a bit of memory for each pixel.
    """
    packed = {row: np.packbits(mask) for row, mask in masks}
    count, *size = shape
    nothing = bytes(size[0] * size[1])
    header = {"descr": npy.dtype_to_descr(np.dtype(bool)), "fortran_order": False, "shape": shape}
    with (
        zipfile.ZipFile(path, "a") as archive,
        archive.open(f"{MEMBER}.npy", "w", force_zip64=True) as member,
    ):
        npy.write_array_header_1_0(member, header)
        for row in range(count):
            bits = packed.get(row)
            full = nothing if bits is None else np.unpackbits(bits, count=len(nothing)).tobytes()
            member.write(full)


def load(path: str | Path) -> np.ndarray | None:
    """Map the masks of the test images, bool [N, H, W]; None if there are none.

    Raises UserError if the file is damaged.
    """
    with reading(path):
        return npz.read(path, MEMBER.__eq__, mapped=MEMBER.__eq__).get(MEMBER)
