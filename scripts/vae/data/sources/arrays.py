"""Arrays of the user's own, in a .npz or .npy file: [N, H, W], [N, H, W, C] or [N, C, H, W].

The names of MedMNIST (train_images, train_labels, val_images, ...), of Keras (x_train, y_train,
x_test, ...) and of dSprites (imgs, latents_classes) are known.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from vae.data import array_pixels, intensity
from vae.data.streams import Block, Raw, Stream
from vae.services import array_files, array_headers
from vae.services.array_files import Member
from vae.services.array_headers import called
from vae.services.errors import UserError

RAW = "file"
RAW_DESCRIPTION = "a .npz or .npy file of arrays"
SHAPE_IN_HEADER = True
SETTINGS_FROM = {
    "vae.data.pictures": ["bands", "intensity", "test_share"],
    "vae.data.columns": ["image", "label"],
}
SETTINGS = {}

_NAMES = ("class_names", "label_names")
_MOST_COLUMNS = 1000


class _Part(NamedTuple):
    """Images of a split, and their labels if there are any."""

    split: str
    images: Member
    labels: Member | None


def read(raw: Raw) -> Stream:
    """Read the arrays of images that a file has: one for each split, or one of all images.

    Labels [N] or [N, 1] are classes, called by their numbers if there is no array class_names;
    negative ones are none. Labels [N, K] become K columns of numbers.

    Raises UserError if there are no such arrays, they do not fit each other, or their values have
    no known black and white.
    """
    (path,) = raw.paths
    with array_pixels.reading(path):
        members = array_files.members(path)
        parts = _parts(members, raw.settings, path)
        labels = [_labels(path, part) for part in parts]
        names = _named(labels, _class_names(path, members), path)
    blocks = _blocks(path, parts, labels, names, raw.settings)
    return Stream(blocks, tuple(names.values()), grouped=True)


def _parts(members: Mapping[str, Member], settings: Mapping[str, Any], path: str) -> list[_Part]:
    """The arrays of images, by split if there are several.

    Raises UserError if there are none.
    """
    labels = [settings["label"]] if settings["label"] else array_headers.LABELS
    parts = [
        _Part(array_headers.SPLITS.get(word, ""), images, called(members, labels, word))
        for word, images in array_headers.images_of(members, settings["image"]).items()
    ]
    about = "; ".join(f"{m.name}: {m.dtype} {list(m.shape)}" for m in members.values()) or "nothing"
    if not parts:
        names = settings["image"] or " or ".join(array_headers.IMAGES)
        raise UserError(
            f"{path} has no array called {names}, with or without _train, _val and "
            f"_test. Name the one that has the images with image in config/config.yaml. It has: "
            f"{about}."
        )
    if settings["label"] and not all(part.labels for part in parts):
        raise UserError(f"{path} lacks the labels {settings['label']!r}. It has: {about}.")
    splits = {part.split for part in parts}
    if not {"train", "test"} <= splits:
        # Those that there are of one of them are put into both; validation images stay that.
        parts = [p._replace(split="") if {p.split} == splits - {"validation"} else p for p in parts]
    return parts


def _whole(path: str, member: Member) -> np.ndarray:
    """All values of an array that is small for each image."""
    return np.concatenate(
        [np.empty((0, *member.shape[1:]), member.dtype), *array_pixels.rows(path, member)]
    )


def _labels(path: str, part: _Part) -> np.ndarray | None:
    """The labels of a part: [N] for classes, [N, K] for other numbers; None if there are none."""
    member = part.labels
    if member is None:
        return None
    if member.shape[:1] != part.images.shape[:1]:
        raise UserError(
            f"{path}: {member.name} has the shape {list(member.shape)}, and {part.images.name} "
            f"{list(part.images.shape)}. Each image needs one label."
        )
    columns = member.shape[1:] or (1,)
    if len(columns) > 1 or columns[0] > _MOST_COLUMNS or member.dtype.kind not in "biufUS":
        raise UserError(
            f"{path}: {member.name}, {member.dtype} {list(member.shape)}, is not an array of "
            "labels, which is [N] or [N, K], of numbers or text."
        )
    values = _whole(path, member).reshape(-1, *columns)
    classes = columns[0] == 1 and not (values.dtype.kind == "f" and (values % 1).any())
    return values[:, 0] if classes else values


def _class_names(path: str, members: Mapping[str, Member]) -> list[str]:
    member = called(members, _NAMES)
    if member is None or len(member.shape) != 1 or member.dtype.kind not in "US":
        return []
    names = [_text(value) for value in _whole(path, member)]
    if "" in names or len({*names}) < len(names):
        raise UserError(
            f"{path}: in {member.name} a name is empty or there twice. Give each class a name of "
            "its own."
        )
    return names


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _named(labels: Sequence[np.ndarray | None], names: Sequence[str], path: str) -> dict[Any, str]:
    """The name of each class, by the value that means it.

    Raises UserError if there are fewer names than classes.
    """
    flat = [array for array in labels if array is not None and array.ndim == 1]
    values = np.unique(np.concatenate(flat)).tolist() if flat else []
    numbers = all(isinstance(value, int | float) for value in values)
    values = [value for value in values if not numbers or value >= 0]  # NaN is none either
    if not names or not numbers:
        return {
            value: f"{value:g}" if isinstance(value, float) else _text(value) for value in values
        }
    if values and values[-1] >= len(names):
        raise UserError(
            f"{path} has a label {values[-1]}, and there are {len(names)} class names, which count "
            "from 0."
        )
    return dict(enumerate(names))


def _blocks(
    path: str,
    parts: Sequence[_Part],
    labels: Sequence[np.ndarray | None],
    names: Mapping[Any, str],
    settings: Mapping[str, Any],
) -> Iterator[Block]:
    bands, chosen = settings["bands"], intensity.chosen(settings["intensity"])
    bands = [bands] if isinstance(bands, int) else bands
    columns = {array.shape[1:] for array in labels if array is not None and array.ndim == 2}
    if columns and len({None if array is None else array.shape[1:] for array in labels}) > 1:
        raise UserError(f"{path}: the arrays of labels differ in their number of columns.")
    shape = None
    for part, values in zip(parts, labels, strict=True):
        member, first = part.images, 0
        axes = array_pixels.axes_of(member, bands, path)
        for rows in array_pixels.rows(path, member):
            pixels = array_pixels.taken(rows, axes, bands)
            shape = shape or pixels.shape[1:]
            if pixels.shape[1:] != shape:
                raise UserError(
                    f"{path}: the images of {member.name} are {list(pixels.shape[1:])}, and those "
                    f"of {parts[0].images.name} {list(shape)}. They have to be of one shape."
                )
            count = len(rows)
            some = None if values is None else values[first : first + count]
            classes = [""] * count if some is None or columns else map(names.get, some.tolist())
            yield Block(
                array_pixels.in_range(pixels, chosen, member, path),
                labels=[name or "" for name in classes],
                files=[f"{member.name}/{first + row}" for row in range(count)],
                splits=[part.split] * count,
                columns={f"label_{k}": column.tolist() for k, column in enumerate(some.T, 1)}
                if columns
                else {},
            )
            first += count
