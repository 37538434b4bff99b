"""The 2-D sets of MedMNIST: https://medmnist.com.

A .npz file: {train, val, test}_images, uint8 [N, 28, 28] or [N, 28, 28, 3], and ..._labels [N, 1],
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
_ROWS = 1000  # at a time


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
            _check(images, labels)
            parts[word] = images, np.concatenate([*array_files.rows(path, labels, _ROWS)])
        columns = {labels.shape[1] for _, labels in parts.values()}
        if len(columns) > 1:
            raise ValueError("its arrays of labels differ in their number of columns")
    several = columns != {1}
    return Stream(
        _blocks(path, parts, raw.class_names, several), () if several else tuple(raw.class_names)
    )


def _check(images: Member, labels: Member) -> None:
    """Raise ValueError if these are not some images, with labels for each."""
    for member, axes, layout in (
        (images, (3, 4), "uint8 [N, H, W] or [N, H, W, 3]"),
        (labels, (2,), "whole numbers [N, K]"),
    ):
        known = member.dtype == np.uint8 if member is images else member.kind in "biu"
        if not known or len(member.shape) not in axes or not all(member.shape):
            raise ValueError(f"{member.name} is {member.dtype} {list(member.shape)}, not {layout}")
    if images.shape[3:] not in ((), (3,)) or images.shape[0] != labels.shape[0]:
        raise ValueError(
            f"{images.name} {list(images.shape)} and {labels.name} {list(labels.shape)} do not fit"
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
