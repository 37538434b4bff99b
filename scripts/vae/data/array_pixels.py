"""Arrays of numbers, in the layouts that they come in, as images."""

import errno
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from vae.data import foreign_formats, intensity
from vae.services import array_files, array_headers
from vae.services.array_files import Member
from vae.services.errors import UserError

logger = logging.getLogger(__name__)

_LARGEST_SIDE = 4096
_PIECE = 4 << 20  # bytes of values at a time


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Whatever fails within means that the file is not one of arrays, or is damaged."""
    try:
        yield
    except (MemoryError, UserError):
        raise
    except Exception as error:  # zipfile and NumPy raise whatever their parsing stumbles over
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # not an impossible offset
            raise
        raise UserError(
            f"{path} cannot be read as a .npz or .npy file of arrays: "
            f"{foreign_formats.known(path) or error}."
        ) from error


def rows(path: str, member: Member) -> Iterator[np.ndarray]:
    """Yield the rows of an array, some MB at a time. Raises UserError if they are damaged."""
    with reading(path):
        yield from array_files.rows(path, member, max(1, _PIECE // max(1, member.row_bytes)))


def axes_of(member: Member, bands: Sequence[int] | None, path: str) -> tuple[int, ...]:
    """The axes of an array, in the order of [N, H, W] or [N, H, W, C]; the log says which.

    Raises UserError if it is not an array of images.
    """
    shape = member.shape
    if member.dtype.kind not in "biuf" or len(shape) not in (3, 4):
        raise UserError(
            f"{path}: {member.name}, {member.dtype} {list(shape)}, is not an array of images, "
            "which is [N, H, W], [N, H, W, C] or [N, C, H, W], of numbers."
        )
    axes = array_headers.axes(shape, bands)
    if len(shape) == 4:
        channels = shape[axes[-1]]
        if bands and max(bands) > channels:
            raise UserError(
                f"{path}: {member.name} {list(shape)} has {channels} bands, and bands in "
                f"config/config.yaml asks for {bands}."
            )
        if not bands and channels not in (1, 3):
            raise UserError(
                f"{path}: {member.name} {list(shape)} has neither 1 nor 3 channels. Choose some "
                "with bands in config/config.yaml, counted from 1, such as [1, 2, 3]."
            )
        logger.info(
            "%s %s is read as %s",
            *(member.name, list(shape), "[N, H, W, C]" if axes[-1] == 3 else "[N, C, H, W]"),
        )
    height, width = shape[axes[1]], shape[axes[2]]
    if not (1 <= height <= _LARGEST_SIDE and 1 <= width <= _LARGEST_SIDE):
        raise UserError(
            f"{path}: the images of {member.name} are {height}x{width} pixels; 1 to "
            f"{_LARGEST_SIDE:,} on a side will do."
        )
    return axes


def taken(rows: np.ndarray, axes: Sequence[int], bands: Sequence[int] | None) -> np.ndarray:
    """Rows in the order of these axes, [N, H, W, C], with the bands that are chosen."""
    pixels = rows.transpose(axes) if len(axes) == 4 else rows[..., None]
    return pixels[..., [band - 1 for band in bands]] if bands and len(axes) == 4 else pixels


def in_range(
    pixels: np.ndarray, chosen: str | tuple[float, float], member: Member, path: str
) -> np.ndarray:
    """Values as uint8, or as float32 if they are left as they are.

    Raises UserError if some are NaN or infinite, or have no known black and white.
    """
    with np.errstate(over="ignore"):
        values = pixels.astype(np.float32) if chosen == "percentile" else pixels
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise UserError(
            f"{path}: {member.name} contains NaN, infinity or values as large as that. Replace "
            "them, or leave those images out."
        )
    if chosen == "percentile":
        return values
    if chosen == "type":
        white = intensity.white(member.dtype)
        known = white is not None and (
            member.dtype.kind != "f" or (pixels.min() >= 0 and pixels.max() <= white)
        )
        if not known:
            low, high = _extremes(path, member)
            raise UserError(
                f"{path}: the values of {member.name}, {member.dtype}, reach from {low:g} to "
                f"{high:g}, and nothing says which of them are black and white. Set intensity in "
                f"config/config.yaml, to percentile or to [low, high], such as [{low:g}, {high:g}]."
            )
        if member.dtype == np.uint8:
            return pixels
        chosen = 0, white
    return intensity.to_8_bits(pixels, *chosen)


def _extremes(path: str, member: Member) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for part in rows(path, member):
        low, high = min(low, float(part.min())), max(high, float(part.max()))
    return low, high
