"""Write textures with and without defects, and masks of these, in the layout of MVTec AD.

python -m benchmarks.textures FOLDER

docs/anomalies.md has what came out: stripes with noise, and squares of 20 pixels that are brighter,
or that are of another noise and as bright.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE, SQUARE = 128, 20  # pixels
NORMAL = {"train/good": 300, "test/good": 40}
DEFECTS = ("bright", "noise")
EACH = 25  # images of a class of defects


def write(folder: str | Path) -> None:
    """Write the folder; the same pictures every time."""
    rng = np.random.default_rng(0)
    for name, count in NORMAL.items():
        for number in range(count):
            _save(texture(rng), Path(folder, name, f"{number:03}.png"))
    for kind in DEFECTS:
        for number in range(EACH):
            picture, mask = with_defects(texture(rng), kind, rng)
            _save(picture, Path(folder, "test", kind, f"{number:03}.png"))
            _save(mask, Path(folder, "ground_truth", kind, f"{number:03}_mask.png"))


def texture(rng: np.random.Generator) -> np.ndarray:
    """Stripes at a random place, and noise that is longer than it is high: uint8 [SIDE, SIDE]."""
    noise = ndimage.gaussian_filter(rng.normal(size=(SIDE, SIDE)), (1.5, 6))
    stripes = np.sin(np.arange(SIDE) / 6 + rng.uniform(0, 6.3))
    return np.clip(18 * noise / noise.std() + 25 * stripes + 128, 0, 255).astype(np.uint8)


def with_defects(
    picture: np.ndarray, kind: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A texture with one or two squares, and their mask: uint8 [SIDE, SIDE]."""
    picture, mask = picture.copy(), np.zeros_like(picture)
    for _ in range(rng.integers(1, 3)):
        top, left = rng.integers(0, SIDE - SQUARE, 2)
        square = slice(top, top + SQUARE), slice(left, left + SQUARE)
        mask[square] = 255
        if kind == "bright":
            picture[square] = np.clip(picture[square].astype(int) + 60, 0, 255)
        else:
            picture[square] = rng.integers(60, 200, (SQUARE, SQUARE))
    return picture, mask


def _save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


if __name__ == "__main__":
    write(sys.argv[1])
