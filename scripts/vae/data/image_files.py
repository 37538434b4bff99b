"""Encoded pictures, in any format that Pillow knows, to gray or RGB."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from vae.data import foreign_formats
from vae.data.intensity import to_8_bits, white
from vae.services.errors import UserError

with contextlib.suppress(ImportError):  # then Pillow reads HEIC, too
    import pillow_heif

    pillow_heif.register_heif_opener()


class UnreadableError(Exception):
    """A file is not a readable picture; the message says why, in a few words."""


class Look(NamedTuple):
    """Which values of a picture become which values of an image.

    channels: "gray" or "rgb".
    bands: those of the file to take, counted from 1, as many as there are channels; empty for all.
    background: what is transparent becomes "white" or "black"; not if bands are chosen.
    intensity: "type" for black and white by the type of the values, or the values that become
        these; "percentile" to leave the values as they are.
    center: side of the square in the middle that is taken, as a share of the shorter side; 1 for
        the whole picture.
    """

    channels: str = "rgb"
    bands: tuple[int, ...] = ()
    background: str = "white"
    intensity: str | tuple[float, float] = "type"
    center: float = 1

    def empty(self, height: int, width: int, count: int = 0) -> np.ndarray:
        """An array for images [N, H, W, C]: uint8, or float32 for values as they are."""
        dtype = np.float32 if self.intensity == "percentile" else np.uint8
        return np.empty((count, height, width, 1 if self.channels == "gray" else 3), dtype)


PLAIN = Look()


@dataclass(frozen=True)
class Picture:
    """A decoded picture, maybe at a fraction of its size.

    image: mode L or RGB; F for values of more than 8 bits that are left as they are.
    width, height: what its pixels span, in pixels. A picture of 1001 pixels that was halved has
        501, which span 500.5: the last one is half a pixel.
    reduced: whether it was decoded at a fraction of its size.
    orientation: 1 to 8, as in Exif.
    several: whether the file has several frames or pages; this is the first.
    """

    image: Image.Image
    width: float
    height: float
    reduced: bool
    orientation: int
    several: bool = False


def decode(file: str | Path | bytes, least: float, look: Look = PLAIN) -> Picture:
    """Decode a picture; of an animation, its first frame.

    file: its path, or what such a file holds.
    least: pixels. A JPEG file is decoded at 1/2, 1/4 or 1/8 of its size if neither side gets
        shorter than this, which takes a fraction of the time.

    Raises UnreadableError if there is no such picture, it is damaged, it is a decompression bomb,
    or its values need another `look`.
    """
    with opened(file) as image:
        return decoded(image, least, look)


@contextlib.contextmanager
def opened(file: str | Path | bytes, max_pixels: int | None = None) -> Iterator[Image.Image]:
    """Open a picture. max_pixels: more are a decompression bomb; by default Pillow's limit.

    Raises UnreadableError if there is no such picture, or the work within fails.
    """
    most = Image.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.MAX_IMAGE_PIXELS = max_pixels or most
            with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
                if image.format == "EPS":
                    # Not within the call, where fingerprints ignore it: skipped.csv has the reason.
                    reason = "EPS is a program, and Pillow would have Ghostscript run it"
                    raise UnreadableError(reason)
                yield image
    except UserError:
        raise
    except Exception as error:  # Pillow's plugins raise whatever their parsing stumbles over
        unknown = isinstance(error, UnidentifiedImageError) or "cannot find loader" in str(error)
        reason = foreign_formats.reason(file) if unknown else reason_of(error)
        raise UnreadableError(reason) from error
    finally:
        Image.MAX_IMAGE_PIXELS = most


def decoded(image: Image.Image, least: float, look: Look) -> Picture:
    """Decode an open picture, at the page that it is turned to; see `decode`."""
    whole, several = image.size, _has_several(image)
    drafted = image.draft(None, (least, least)) if look.center == 1 else None
    image.load()  # a TIFF file turns upright here
    width, height = drafted[1][2:] if drafted else image.size
    reduced = bool(drafted) and image.size != whole
    orientation = _orientation(image)
    plain = _plain(image, look)
    if look.center < 1:
        plain = _middle(plain, look.center)
        width, height = plain.size
    return Picture(plain, width, height, reduced, orientation, several)


def _middle(image: Image.Image, share: float) -> Image.Image:
    """The square in the middle of an image, its side a share of the shorter side."""
    side = max(1, round(share * min(image.size)))
    left, top = ((length - side) // 2 for length in image.size)
    return image.crop((left, top, left + side, top + side))


def _has_several(image: Image.Image) -> bool:
    with contextlib.suppress(Exception):  # a second frame that is damaged does not spoil the first
        return bool(getattr(image, "is_animated", False))
    return True


def _plain(image: Image.Image, look: Look) -> Image.Image:
    """Return `image` as it looks, in mode L, RGB or F."""
    if look.bands:
        image = _bands(image, look.bands)
    if image.mode[0] in "IF":
        return _deep(image, look.intensity)
    if image.has_transparency_data and not look.bands:
        if image.mode == "La":  # converts to its plain kin alone
            image = image.convert("LA")
        image = _stretched(image.convert("RGBA"), look.intensity)
        backdrop = Image.new("RGBA", image.size, look.background)
        image = Image.alpha_composite(backdrop, image).convert("RGB")
    else:
        if image.mode not in ("L", "RGB"):
            image = image.convert("L" if image.mode == "1" else "RGB")
        image = _stretched(image, look.intensity)
    return image.convert("L") if look.channels == "gray" else image


def _bands(image: Image.Image, numbers: tuple[int, ...]) -> Image.Image:
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    names = image.getbands()
    if max(numbers) > len(names):
        reason = (
            f"it has {len(names)} bands ({', '.join(names)}), and bands asks for {max(numbers)}"
        )
        raise UnreadableError(reason)
    if len(names) == 1:
        return image
    chosen = [image.getchannel(number - 1) for number in numbers]
    return chosen[0] if len(chosen) == 1 else Image.merge("RGB", chosen)


def _stretched(image: Image.Image, intensity: str | tuple[float, float]) -> Image.Image:
    """Return an image of 8 bits with `intensity`, of which transparency has none."""
    if isinstance(intensity, str):
        return image
    table = to_8_bits(np.arange(256), *intensity).tolist()
    same = [*range(256)]
    return image.point([v for band in image.getbands() for v in (same if band == "A" else table)])


def _deep(image: Image.Image, intensity: str | tuple[float, float]) -> Image.Image:
    """Return gray values of more than 8 bits in mode L, or F if they are left as they are."""
    pixels = np.asarray(image)
    if not np.isfinite(pixels).all():
        reason = "some of its values are NaN or infinity"
        raise UnreadableError(reason)
    if intensity == "percentile":
        return Image.fromarray(pixels.astype(np.float32))
    if intensity == "type":
        # A PPM file has 16 bits, which Pillow reads as 32.
        most = 65_535 if image.format == "PPM" else white(pixels.dtype)
        if most is None or not (pixels.min() >= 0 and pixels.max() <= most):
            reason = (  # not within the call, see `_decode`
                f"its values of the type {pixels.dtype} reach from {pixels.min():g} to "
                f"{pixels.max():g}: set intensity, to percentile or [low, high]"
            )
            raise UnreadableError(reason)
        intensity = 0, most
    return Image.fromarray(to_8_bits(pixels, *intensity))


def _orientation(image: Image.Image) -> int:
    with contextlib.suppress(Exception):  # Exif that is damaged does not spoil the picture
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        return orientation if orientation in range(1, 9) else 1
    return 1


def reason_of(error: Exception) -> str:
    """Why a picture cannot be read, in a few words, by what Pillow raised."""
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return f"{str(error).partition(', could be')[0]}; max_pixels raises it"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error) or type(error).__name__).partition("\n")[0]
