"""Encoded pictures, in any format that Pillow knows, to 8-bit gray or RGB."""

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError


class UnreadableError(Exception):
    """A file is not a readable picture; the message says why, in a few words."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture, maybe at a fraction of its size.

    image: mode L or RGB.
    width, height: what its pixels span, in pixels. A picture of 1001 pixels that was halved has
        501, which span 500.5: the last one is half a pixel.
    reduced: whether it was decoded at a fraction of its size.
    orientation: 1 to 8, as in Exif.
    """

    image: Image.Image
    width: float
    height: float
    reduced: bool
    orientation: int


def decode(file: str | Path | bytes, least: float) -> Picture:
    """Decode a picture; of an animation, its first frame.

    file: its path, or what such a file holds.
    least: pixels. A JPEG file is decoded at 1/2, 1/4 or 1/8 of its size if neither side gets
        shorter than this, which takes a fraction of the time.

    What is transparent becomes white, and 16 bits become 8.

    Raises UnreadableError if there is no such picture, it is damaged, or it is a decompression
    bomb.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(io.BytesIO(file) if isinstance(file, bytes) else file, least)
    except Exception as error:  # Pillow's plugins raise whatever their parsing stumbles over
        raise UnreadableError(_reason(error)) from error


def _decode(file: str | Path | io.BytesIO, least: float) -> Picture:
    with Image.open(file) as image:
        if image.format == "EPS":
            # Not within the call, where fingerprints ignore it: skipped.csv has the reason.
            reason = "EPS is a program, and Pillow would have Ghostscript run it"
            raise UnreadableError(reason)
        whole = image.size
        drafted = image.draft(None, (least, least))
        image.load()  # a TIFF file turns upright here
        width, height = drafted[1][2:] if drafted else image.size
        reduced = bool(drafted) and image.size != whole
        return Picture(_plain(image), width, height, reduced, _orientation(image))


def _plain(image: Image.Image) -> Image.Image:
    """Return `image` in mode L or RGB, on white."""
    if image.mode[0] in "IF":
        return Image.fromarray(_to_8_bits(image))
    if image.has_transparency_data:
        if image.mode == "La":  # converts to its plain kin alone
            image = image.convert("LA")
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _to_8_bits(image: Image.Image) -> np.ndarray:
    """Return gray pixels as uint8: 65,535, or 1.0, is white."""
    pixels = np.asarray(image)
    white = 1 if image.mode == "F" else 65_535
    # Not written so that NaN would pass.
    if not (pixels.min() >= 0 and pixels.max() <= white):
        reason = (  # not within the call, see `_decode`
            f"its values reach from {pixels.min():g} to {pixels.max():g}; "
            f"in the mode {image.mode} they should lie between 0 and {white:,}"
        )
        raise UnreadableError(reason)
    return np.rint(pixels * np.float32(255 / white)).astype(np.uint8)


def _orientation(image: Image.Image) -> int:
    with contextlib.suppress(Exception):  # Exif that is damaged does not spoil the picture
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        return orientation if orientation in range(1, 9) else 1
    return 1


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not a picture in a format that Pillow knows"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error) or type(error).__name__).partition("\n")[0]
