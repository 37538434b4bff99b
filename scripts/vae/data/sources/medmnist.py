"""The 2-D sets of MedMNIST: https://medmnist.com.

A .npz file: {train, val, test}_images, uint8 [N, S, S] or [N, S, S, 3], and ..._labels [N, 1],
or [N, K] if an image may have any of K findings.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vae.data.labels import named
from vae.data.streams import Block, Raw, Stream
from vae.services import array_files
from vae.services.array_files import Member
from vae.services.errors import reading_raw

SETTINGS = {}

_SPLITS = {"train": "train", "val": "validation", "test": "test"}
_SIDES = (28, 64, 128, 224)  # pixels
_ROWS = 256  # at a time


def read(raw: Raw) -> Stream:
    """Read a file, some rows at a time.

    `raw` names the classes, or the findings, which become columns of 0 and 1.

    Raises UserError if the file is damaged or not one of MedMNIST.
    """
    (path,) = raw.paths
    with reading_raw(path):
        members = array_files.members(path)
        parts = {}
        for word in _SPLITS:
            names = (f"{word}_images", f"{word}_labels")
            images, labels = (array_files.named(members, name) for name in names)
            _check(images, labels, raw.class_names)
            parts[word] = images, np.concatenate([*array_files.rows(path, labels, _ROWS)])
        shapes = {(images.shape[1:], labels.shape[1]) for images, labels in parts.values()}
        if len(shapes) > 1:
            raise ValueError("its arrays to train, to validate and to test differ in their shapes")
    several = labels.shape[1] > 1
    return Stream(
        _blocks(path, parts, raw.class_names, several), () if several else tuple(raw.class_names)
    )


def _check(images: Member, labels: Member, names: Sequence[str]) -> None:
    """Raise ValueError if these are not some images, with labels for each."""
    known = [(side, side, *channels) for side in _SIDES for channels in ((), (3,))]
    if images.dtype != np.uint8 or images.shape[1:] not in known or not images.shape[0]:
        raise ValueError(
            f"{images.name} is {images.dtype} {list(images.shape)}, not uint8 [N, S, S] or "
            f"[N, S, S, 3], S one of {_SIDES}"
        )
    shapes = [(images.shape[0], 1), (images.shape[0], len(names))]
    if labels.kind not in "biu" or labels.shape not in shapes:
        raise ValueError(
            f"{labels.name} is {labels.dtype} {list(labels.shape)}, not whole numbers [N, 1] or "
            f"[N, {len(names)}] for {images.shape[0]:,} images"
        )


def _blocks(
    path: str | Path,
    parts: dict[str, tuple[Member, np.ndarray]],
    names: Sequence[str],
    several: bool,
) -> Iterator[Block]:
    for word, (images, labels) in parts.items():
        first = 0
        with reading_raw(path):
            for pixels in array_files.rows(path, images, _ROWS):
                rows = range(first, first + len(pixels))
                found = labels[first : rows.stop]
                yield Block(
                    pixels.reshape(*pixels.shape[:3], -1),
                    [""] * len(rows) if several else named(found, names, len(rows)),
                    files=[f"{images.name}/{row}" for row in rows],
                    splits=[_SPLITS[word]] * len(rows),
                    columns=dict(zip(names, found.T.tolist(), strict=True)) if several else {},
                )
                first = rows.stop
