"""Datasets to find anomalies in: normal images to train on, all others to test with."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from vae.data.images import Images
from vae.data.streams import Block, Skipped, Stream
from vae.plan.messages import near
from vae.services.errors import UserError

NOT_NORMAL = "to train on, and not normal"  # in skipped.csv


def tested(stream: Stream, normal: Collection[str], place: str) -> Stream:
    """The same images; those of classes that are not normal are to be tested with.

    If the stream says which images are for training and which for testing, it stays so, and images
    that are not normal are left out of training and validation. If it does not, normal images are
    split as usual.

    normal: names of classes. place: where the images come from, for messages.

    After the last block, raises UserError if a normal class has no image, or an image has no class.
    """
    return stream._replace(blocks=_tested(stream.blocks, normal, place))


def _tested(blocks: Iterator[Block], normal: Collection[str], place: str) -> Iterator[Block]:
    counts = Counter()
    for block in blocks:
        counts.update(block.labels)
        odd = [label not in normal for label in block.labels]
        kept = [
            row
            for row, split in enumerate(block.splits)
            if not (odd[row] and split in ("train", "validation"))
        ]
        others = sorted({*range(len(odd))} - {*kept})
        yield block._replace(
            pixels=block.pixels[kept],
            labels=[block.labels[row] for row in kept],
            files=[block.files[row] for row in kept],
            splits=["test" if odd[row] else block.splits[row] for row in kept],
            columns={name: [values[row] for row in kept] for name, values in block.columns.items()},
            left_out=[*block.left_out, *(Skipped(block.files[row], NOT_NORMAL) for row in others)],
        )
    if missing := [name for name in normal if not counts[name]]:
        raise UserError(
            f"anomaly.normal in config/config.yaml: no image of {place} has the class "
            f"{missing[0]!r}{near(missing[0], counts)}"
        )
    if counts[""]:
        raise UserError(
            f"{counts['']} of {counts.total()} images of {place} have no class, so nobody knows "
            "whether they are normal. Give them one or remove them; or remove anomaly.normal from "
            "config/config.yaml, and keep anomaly.contamination."
        )


def are_defects(
    labels: np.ndarray, class_names: Sequence[str], normal: Collection[str]
) -> np.ndarray:
    """Which images are of a class that is not normal, bool [N], by their labels [N]."""
    return ~np.isin(np.array(class_names), [*normal])[labels]


def check(images: Images, place: str) -> None:
    """Raise UserError if there are too few normal images to train on."""
    if len(images.train) < 2:
        raise UserError(
            f"{place} has {len(images.train)} normal image to train on, and a network learns what "
            "is normal from many, a hundred or more. Add normal images, or name more classes in "
            "anomaly.normal in config/config.yaml."
        )
