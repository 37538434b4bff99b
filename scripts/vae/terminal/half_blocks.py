"""Images as text, for terminals: each character shows two pixels, one above the other."""

import math

import numpy as np

SHADES = " ░▒▓█"


def blocks(picture: np.ndarray, columns: int, colours: bool = True) -> str:
    """Draw a picture, uint8 [H, W, 3], at most `columns` characters wide.

    With `colours` in upper half blocks of 24-bit colours, else in four shades of one colour, the
    brighter the fuller. A picture that is too wide is shrunk by a whole factor.
    """
    by = math.ceil(picture.shape[1] / columns)
    if by > 1:
        height, width = (length // by for length in picture.shape[:2])
        whole = picture[: height * by, : width * by].reshape(height, by, width, by, 3)
        picture = np.rint(whole.mean(axis=(1, 3))).astype(np.uint8)
    missing = len(picture) % 2
    picture = np.pad(picture, ((0, missing), (0, 0), (0, 0)), mode="edge")
    pairs = zip(picture[::2], picture[1::2], strict=True)
    draw = _coloured if colours else _shaded
    return "".join(f"{draw(upper, lower)}\n" for upper, lower in pairs)


def _coloured(upper: np.ndarray, lower: np.ndarray) -> str:
    cells = (
        f"\x1b[38;2;{a[0]};{a[1]};{a[2]};48;2;{b[0]};{b[1]};{b[2]}m▀"
        for a, b in zip(upper.tolist(), lower.tolist(), strict=True)
    )
    return "".join(cells) + "\x1b[0m"


def _shaded(upper: np.ndarray, lower: np.ndarray) -> str:
    levels = (upper.mean(axis=1) + lower.mean(axis=1)) / 2 / 256 * len(SHADES)
    return "".join(SHADES[int(level)] for level in levels)
