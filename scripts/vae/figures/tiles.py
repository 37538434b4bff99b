"""Pictures of many images, pixel by pixel: arrays in, an array out. Lengths are in pixels."""

import math

import numpy as np

from vae.data.pixels import to_uint8

ROOM = 1260  # side of the square that the images of a figure fit in
LARGEST = 96  # side to which small images are enlarged
GAP = 2  # between images


def how_many_fit(image_shape: tuple[int, int, int], at_most: int, room: int = ROOM) -> int:
    """How many images of a shape fit side by side unshrunk: at least one, at most `at_most`."""
    return max(1, min(at_most, room // max(image_shape[:2])))


def mosaic(
    images: np.ndarray, room: tuple[int, int] = (ROOM, ROOM), largest: int = LARGEST
) -> np.ndarray:
    """Lay images [R, C, H, W, K], uint8 or in [0, 1], out as one picture, uint8 [h, w, 3].

    Each is enlarged by a whole factor, its pixels sharp, as far as `room` (height, width) and
    its `largest` side allow; where there is too little room, each is shrunk by a whole factor. The
    white gaps are as wide as a pixel of an image, so that images which fill their frame stay apart.
    """
    rows, columns, height, width, channels = images.shape
    images = to_uint8(images)
    shrink = min(math.ceil(max(rows * height / room[0], columns * width / room[1])), height, width)
    if shrink > 1:
        height, width = height // shrink, width // shrink
        whole = images[:, :, : height * shrink, : width * shrink]
        blocks = whole.reshape(rows, columns, height, shrink, width, shrink, channels)
        images = to_uint8(blocks.mean(axis=(3, 5)) / 255)
    by = largest // max(height, width)
    while by > 1 and (rows * (height + 1) * by > room[0] or columns * (width + 1) * by > room[1]):
        by -= 1
    gap = max(GAP, by)
    images = images.repeat(max(1, by), axis=2).repeat(max(1, by), axis=3)
    images = np.broadcast_to(images, (*images.shape[:-1], 3))
    images = np.pad(images, ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0)), constant_values=255)
    picture = np.concatenate(np.concatenate(images, axis=1), axis=1)
    return picture[:-gap, :-gap]


def in_rows(images: np.ndarray, columns: int) -> np.ndarray:
    """Images [N, ...] as [R, columns, ...], the last row filled up with white."""
    images = to_uint8(images)
    missing = -len(images) % columns
    white = np.full((missing, *images.shape[1:]), 255, np.uint8)
    return np.concatenate([images, white]).reshape(-1, columns, *images.shape[1:])
