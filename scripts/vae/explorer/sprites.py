"""Many images as one picture of tiles, row by row."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image


def sprites(pixels: np.ndarray, rows: Sequence[int], largest: int) -> tuple[Image.Image, int, int]:
    """Tiles of some images, how many there are in a row, and the pixels of a tile's side.

    pixels: uint8 [N, H, W, C], read an image at a time; rows: which ones; largest: the most pixels
    of a side. Tiles are square, and so is the picture but for a row of them that may be missing.
    """
    n, (height, width, channels) = len(rows), pixels.shape[1:]
    side = min(max(height, width), largest)
    columns = math.ceil(math.sqrt(n))
    mode = "L" if channels == 1 else "RGB"
    sheet = Image.new(mode, (columns * side, math.ceil(n / columns) * side))
    for i, row in enumerate(rows):
        image = pixels[row]
        tile = Image.fromarray(image[..., 0] if channels == 1 else image)
        if tile.size != (side, side):
            tile = tile.resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(tile, (i % columns * side, i // columns * side))
    return sheet, columns, side
