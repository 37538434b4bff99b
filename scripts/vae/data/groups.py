"""Images that belong together, which lie on one side of a split: groups."""

import hashlib
import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vae.services.words import counted

logger = logging.getLogger(__name__)


def digests(parts: Iterable[np.ndarray]) -> list[bytes]:
    """A hash of each image's pixels. parts: [B, H, W, C], some images at a time."""
    return [
        hashlib.blake2b(np.ascontiguousarray(image), digest_size=16).digest()
        for part in parts
        for image in part
    ]


def named(
    values: Sequence[Any] | None, pixels: Sequence[bytes] | None, files: Sequence[str]
) -> list[str] | None:
    """The name of each image's group; "" for one by itself. None if nobody named a group.

    values: of each image its group as the source says, "" or None for none.
    pixels: a hash of its pixels, if images of the same ones are a group.
    files: of each image the name of its file; a group without a name is called by its first one.
    """
    given = ["" if value is None else _text(value) for value in values or [""] * len(files)]
    repeated = {key for key, n in Counter(pixels or ()).items() if n > 1}
    if not (repeated or any(given)):
        return None
    same = [key if key in repeated else b"" for key in pixels or [b""] * len(files)]
    members = defaultdict(list)
    for row, group in enumerate(_connected(given, same)):
        members[group].append(row)
    names, several = [""] * len(files), []
    for rows in members.values():
        known = [*dict.fromkeys(given[row] for row in rows if given[row])]
        several += [known] if len(known) > 1 else []
        name = known[0] if known else files[rows[0]] if len(rows) > 1 else ""
        for row in rows:
            names[row] = name
    if repeated:
        logger.info(
            "%s have the same pixels as another: they are on one side of the split",
            counted(sum(key in repeated for key in pixels), "image"),
        )
    for known in several[:5]:
        logger.warning(
            "groups that share an image become one, called %s: %s", known[0], ", ".join(known)
        )
    return names


def _text(value: Any) -> str:
    """A value of a column as a name: whole numbers without a point, NaN as none."""
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value) if value.is_integer() else value)
    return str(value)


def _connected(*keys: Sequence[str | bytes]) -> list[int]:
    """The number of each image's group: images that share a key, and what these share one with.

    keys: of each kind one for each image; an empty one is shared with nobody.
    """
    count = len(keys[0])
    numbers: dict[tuple[int, str | bytes], int] = {}
    edges = [
        (row, count + numbers.setdefault((kind, key), len(numbers)))
        for kind, values in enumerate(keys)
        for row, key in enumerate(values)
        if key
    ]
    rows, columns = np.array(edges, np.int64).reshape(-1, 2).T
    size = count + len(numbers)
    graph = coo_array((np.ones(len(edges), bool), (rows, columns)), shape=(size, size))
    return connected_components(graph, directed=False)[1][:count].tolist()


def across(names: Sequence[str], kept: Sequence[int], test: Sequence[int]) -> list[str]:
    """The groups that have images both among those to train on and those to test with, sorted.

    names: of each image's group; kept, test: indices of images.
    """
    return sorted({names[i] for i in kept} & {names[i] for i in test} - {""})
