"""The images that one file holds: pages of a TIFF file, tiles of a large picture, or all of it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageStat

from vae.data.image_files import Look, Picture, decoded, opened, reason_of
from vae.services.errors import UserError

# Of every source of pictures of the user's own.
SETTINGS = {
    "pages": {"type": "choice", "choices": ["all", "first"], "default": "all",
              "description": "which pages of a TIFF file become images"},
    "max_pages": {"type": "whole", "bounds": {"ge": 1, "le": 1_000_000}, "default": 10_000,
                  "description": "pages of a file that are read at most"},
    "tiles": {"type": "keys", "keys": {
                  "size": {"type": "whole", "bounds": {"ge": 1, "le": 65_536}},
                  "stride": {"type": "whole", "bounds": {"ge": 1, "le": 65_536}, "like": "size"},
              }, "default": None, "default_text": "none",
              "description": "cut pictures into squares before these become images: their pixels "
              "on a side, and from one to the next, `{size: 512, stride: 512}`"},
    "min_contrast": {"type": "real", "bounds": {"ge": 0, "le": 255}, "default": 0.0,
                     "description": "standard deviation of gray values, 0 to 255, under which a "
                     "tile is left out"},
    "max_pixels": {"type": "whole", "bounds": {"ge": 1, "le": 10_000_000_000}, "default": None,
                   "default_text": "89 million",
                   "description": "pixels that a picture may have; a larger one is unreadable"},
}  # fmt: skip

_SUBFILE, _DESCRIPTION, _SAMPLES = 254, 270, 277  # tags of TIFF
_REDUCED, _MASK = 1, 4  # bits of the first of these
_UPRIGHT = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180}
_UPRIGHT |= {4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE}
_UPRIGHT |= {6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE}
_UPRIGHT |= {8: Image.Transpose.ROTATE_90}


class Parts(NamedTuple):
    """Which parts of a file become images; by default the first page as a whole. See SETTINGS."""

    pages: str = "first"
    max_pages: int = 1
    tile: int | None = None
    stride: int | None = None
    min_contrast: float = 0
    max_pixels: int | None = None


class Part(NamedTuple):
    """A part of a file.

    suffix: what its image's name has after that of the file, such as "[3]" or "[512,1024]".
    picture: None if it is unreadable, or left out on purpose.
    reason: why it is unreadable.
    """

    suffix: str
    picture: Picture | None = None
    reason: str | None = None


WHOLE = Parts()


def parts_by(settings: Mapping[str, Any]) -> Parts:
    """The parts that these settings ask for, those of SETTINGS; a source may lack them."""
    if "pages" not in settings:
        return WHOLE
    tiles = settings["tiles"] or {}
    return Parts(
        settings["pages"],
        settings["max_pages"],
        tiles.get("size"),
        tiles.get("stride"),
        settings["min_contrast"],
        settings["max_pixels"],
    )


def parts_of(
    file: str | Path | bytes, least: float, look: Look, parts: Parts = WHOLE, start: int = 0
) -> Iterator[Part]:
    """Yield the parts of a file from the given one on; a picture is valid until the next one.

    file: its path, or what such a file holds. least: see `image_files.decode`; not for tiles.

    Raises UnreadableError if the file is no picture, UserError if its pages are channels.
    """
    index = 0
    with opened(file, parts.max_pixels) as image:
        for suffix, wanted in _pages(image, parts):
            page: Picture | Part | None = None
            for box in _boxes(image, parts) if wanted else [None]:
                index += 1
                if index <= start:
                    continue
                if not wanted:
                    yield Part(suffix)
                    continue
                page = page or _page(image, suffix, 1 << 30 if parts.tile else least, look, parts)
                if isinstance(page, Part):
                    yield page
                    break
                yield _tile(page, box, suffix, parts.min_contrast) if box else Part(suffix, page)


def _pages(image: Image.Image, parts: Parts) -> Iterator[tuple[str, bool]]:
    """Turn to each page of an open picture: what its name ends with, and whether it is wanted."""
    count = 1
    if parts.pages == "all" and image.format == "TIFF":
        try:
            count = image.n_frames
        except Exception:  # pages that are damaged do not spoil the first
            image.seek(0)
    if count == 1:
        yield "", True
        return
    _check_channels(image)
    size = None
    for number in range(count):
        if number >= parts.max_pages:
            yield f"[{number}]", False
            continue
        image.seek(number)
        kind = int(image.tag_v2.get(_SUBFILE, 0))
        wanted = not kind & (_REDUCED | _MASK) and image.size == (size or image.size)
        size = size or (image.size if wanted else None)
        yield f"[{number}]", wanted


def _check_channels(image: Image.Image) -> None:
    """Raise UserError if the pages of a TIFF file are channels, as far as its metadata say."""
    about = str(image.tag_v2.get(_DESCRIPTION, ""))[:1_000_000]
    found = re.search(r'<Pixels[^>]*\bSizeC="(\d+)"', about)
    if not found and about.startswith("ImageJ="):
        found = re.search(r"^channels=(\d+)", about, re.M)
    if found and int(found[1]) > int(image.tag_v2.get(_SAMPLES, 1)):
        raise UserError(
            f"{getattr(image, 'filename', '') or 'A TIFF file'} has {found[1]} channels, by its "
            "metadata, and pages: all would make an image of each. Set pages: first for the first "
            "channel, or write the channels of an image as one PNG or .npy and choose with bands."
        )


def _page(
    image: Image.Image, suffix: str, least: float, look: Look, parts: Parts
) -> Picture | Part:
    """The page that an open picture is turned to."""
    try:
        page = decoded(image, least, look)
    except Exception as error:  # Pillow's plugins raise whatever their parsing stumbles over
        return Part(suffix, reason=reason_of(error))
    if parts.tile and page.orientation > 1:
        upright = page.image.transpose(_UPRIGHT[page.orientation])
        width, height = upright.size
        return replace(page, image=upright, width=width, height=height, orientation=1)
    return page


def _boxes(image: Image.Image, parts: Parts) -> Iterator[tuple[int, int, int, int] | None]:
    """Left, top, right and bottom of each tile; what remains at the edges belongs to none."""
    if not parts.tile:
        yield None
        return
    width, height = image.size
    with suppress(Exception):  # Exif that is damaged does not spoil the picture
        if image.getexif().get(274) in (5, 6, 7, 8):
            width, height = height, width
    for top in range(0, max(1, height - parts.tile + 1), parts.stride):
        for left in range(0, max(1, width - parts.tile + 1), parts.stride):
            yield left, top, min(left + parts.tile, width), min(top + parts.tile, height)


def _tile(page: Picture, box: tuple[int, int, int, int], suffix: str, min_contrast: float) -> Part:
    name = f"{suffix}[{box[1]},{box[0]}]"
    image = page.image.crop(box)
    gray = image if image.mode == "F" else image.convert("L")
    if min_contrast and ImageStat.Stat(gray).stddev[0] < min_contrast:
        return Part(name)
    return Part(name, replace(page, image=image, width=image.width, height=image.height))
