"""Images of 6x9 pixels, not from any file: one bright row or one bright column."""

import numpy as np

from vae.data.streams import Block, Stream

SETTINGS = {
    "count": {"type": "whole", "bounds": {"ge": 8}, "default": 60,
              "description": "images of each class"},
}  # fmt: skip
CHANNELS = 1


def read(raw):
    """As many of either kind, a block each; every fourth is for testing."""
    return Stream(_blocks(raw.settings["count"]), ("row", "column"))


def _blocks(count):
    rng = np.random.default_rng(0)
    for axis, name in enumerate(("row", "column")):
        pixels = rng.integers(0, 40, (count, 6, 9, 1), np.uint8)
        for i, image in enumerate(pixels):
            image.swapaxes(0, axis)[i % 6] = 220
        files = [f"{name}/{i}" for i in range(count)]
        splits = ["train" if i % 4 else "test" for i in range(count)]
        heights = {"position": [i % 6 for i in range(count)]}
        yield Block(pixels, [name] * count, files, splits, heights)
