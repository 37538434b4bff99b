"""dSprites, shapes by six factors: https://github.com/google-deepmind/dsprites-dataset.

A .npz file: `imgs`, uint8 [N, 64, 64] of 0 and 1, and `latents_values` [N, 6].
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vae.data.labels import named
from vae.data.streams import Block, Raw, Stream
from vae.services import array_files
from vae.services.array_files import Member
from vae.services.errors import reading_raw

CHANNELS = 1
SETTINGS_FROM = {"vae.data.pictures": ["test_share"]}
SETTINGS = {}

# As `metadata` in the file, a pickled object, calls them.
FACTORS = ("color", "shape", "scale", "orientation", "posX", "posY")

UNORDERED = ("shape",)  # of them, those whose values have no order

_SHAPES = ("square", "ellipse", "heart")  # from 1
_SIDE = 64
_ROWS = 1000  # at a time


def read(raw: Raw) -> Stream:
    """Read the file, some rows at a time: the shapes as classes, the factors as columns.

    There is no split in it. Raises UserError if the file is damaged or not the right one.
    """
    (path,) = raw.paths
    names = tuple(raw.class_names) or _SHAPES
    with reading_raw(path):
        members = array_files.members(path)
        images, factors = (array_files.named(members, n) for n in ("imgs", "latents_values"))
        _check(images, factors)
    return Stream(_blocks(path, images, factors, names), names)


def _check(images: Member, factors: Member) -> None:
    """Raise ValueError if these are not the images and their factors."""
    if images.dtype != np.uint8 or images.shape[1:] != (_SIDE, _SIDE) or not images.shape[0]:
        raise ValueError(f"imgs is {images.dtype} {list(images.shape)}, not uint8 [N, 64, 64]")
    if factors.kind != "f" or factors.shape != (images.shape[0], len(FACTORS)):
        raise ValueError(
            f"latents_values is {factors.dtype} {list(factors.shape)}, not float64 [N, 6] for "
            f"{images.shape[0]:,} images"
        )


def _blocks(
    path: str | Path, images: Member, factors: Member, names: Sequence[str]
) -> Iterator[Block]:
    first = 0
    with reading_raw(path):
        pairs = (array_files.rows(path, member, _ROWS) for member in (images, factors))
        for pixels, values in zip(*pairs, strict=True):
            if pixels.max() > 1:
                raise ValueError(f"imgs has the value {pixels.max()}, and there are 0 and 1")
            rows = range(first, first + len(pixels))
            yield Block(
                255 * pixels[..., None],
                named(values[:, FACTORS.index("shape")], names, len(rows), first=1),
                files=[f"imgs/{row}" for row in rows],
                splits=[""] * len(rows),
                columns=dict(zip(FACTORS, values.T.tolist(), strict=True)),
            )
            first = rows.stop
