"""What `generate` makes of images: a file, a picture on standard output, text on a terminal."""

import math
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vae.figures import tiles
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.terminal import code_text
from vae.terminal.half_blocks import blocks

FRAME_MS = 60


def save(
    images: np.ndarray,
    z: np.ndarray,
    output: str,
    scale: int | None,
    files: Sequence[Path] | None = None,
) -> None:
    """Write images [..., H, W, C] in [0, 1], or their codes; the suffix of the file says how.

    scale: pixels per pixel; by default images are enlarged to tiles.LARGEST. files: what was
    encoded, whose names stand before the codes.

    Raises UserError if the suffix is not that of a picture.
    """
    suffix = Path(output).suffix.lower()
    if suffix == ".csv":
        with atomic(output) as part:
            text = code_text.text(z.reshape(-1, z.shape[-1]), files)
            part.write_text(text, encoding="utf-8", errors="surrogateescape")  # names are any bytes
    elif suffix == ".npy":
        with atomic(output) as part:
            np.save(part, images.reshape(-1, *images.shape[-3:]))
    elif suffix == ".gif":
        flat = images.reshape(-1, 1, 1, *images.shape[-3:])
        frames = [Image.fromarray(mosaic(image, scale)) for image in flat]
        frames += frames[-2:0:-1]  # and back
        with atomic(output) as part:
            frames[0].save(part, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0)
    elif output == "-":
        Image.fromarray(mosaic(images, scale)).save(sys.stdout.buffer, "PNG")
    elif Image.registered_extensions().get(suffix) not in Image.SAVE:
        raise UserError(f"-o: {output!r} has no ending of a picture, such as .png.")
    else:
        with atomic(output) as part:
            Image.fromarray(mosaic(images, scale)).save(part)


def show(images: np.ndarray) -> None:
    """Draw images on the terminal, in colours unless NO_COLOR is set (no-color.org)."""
    colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns = shutil.get_terminal_size().columns
    scale = max(1, 32 // max(images.shape[-3:-1]))
    print(blocks(mosaic(images, scale), columns, colours), end="")


def mosaic(images: np.ndarray, scale: int | None) -> np.ndarray:
    """Lay images [..., H, W, C] out as one picture, uint8 [h, w, 3]; a list as a square of rows."""
    if images.ndim < 5:
        images = images.reshape(-1, *images.shape[-3:])
        images = tiles.in_rows(images, math.ceil(math.sqrt(len(images))))
    largest = scale * max(images.shape[2:4]) if scale else tiles.LARGEST
    return tiles.mosaic(images, (sys.maxsize, sys.maxsize), largest)
