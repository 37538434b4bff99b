"""Random changes of training images: moved, turned, resized, brighter or darker."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from vae.data.pixels import to_uint8
from vae.plan.run_settings import RunSettings


@dataclass(frozen=True)
class Augmentation:
    """How far images are changed, at most.

    shift: share of their sides; rotate: degrees; zoom: share by which they are enlarged or shrunk;
    brightness: share by which values are raised or lowered.
    """

    shift: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0
    brightness: float = 0.0

    @classmethod
    def of(cls, run: RunSettings) -> "Augmentation":
        """That of a run."""
        names = ("shift", "rotate", "zoom", "brightness")
        return cls(**{name: getattr(run, f"augment_{name}") for name in names})

    def __bool__(self) -> bool:
        return any((self.shift, self.rotate, self.zoom, self.brightness))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Changes of n images, float64 [n, 5]: moved right and down, turned, resized, lit."""
        most = (self.shift, self.shift, self.rotate, self.zoom, self.brightness)
        return rng.uniform(-1, 1, (n, 5)) * most

    def apply(self, pixels: np.ndarray, changes: np.ndarray) -> np.ndarray:
        """Images [N, H, W, C], uint8, changed as `draw` says; what comes in at a side is mirrored.

        Positions between pixels are interpolated linearly.
        """
        if self.shift or self.rotate or self.zoom:
            pixels = self._moved(pixels, changes)
        if self.brightness:
            pixels = to_uint8(pixels * (1 + changes[:, 4, None, None, None]) / 255)
        return pixels

    def _moved(self, pixels: np.ndarray, changes: np.ndarray) -> np.ndarray:
        _, height, width, _ = pixels.shape
        margin = self._margin(height, width)
        around = (margin, margin)
        padded = np.pad(pixels, ((0, 0), around, around, (0, 0)), mode="symmetric")
        result = np.empty_like(pixels)
        for image, source, change in zip(result, padded, changes, strict=True):
            matrix = _matrix(height, width, margin, *change[:4])
            # Pillow has no array of one channel with an axis for it.
            moved = Image.fromarray(source.squeeze(2) if source.shape[2] == 1 else source)
            moved = moved.transform(
                (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
            )
            image[:] = np.asarray(moved).reshape(image.shape)
        return result

    def _margin(self, height: int, width: int) -> int:
        """Pixels around an image that its changes may bring into view."""
        half = math.hypot(height, width) / 2 if self.rotate else max(height, width) / 2
        reach = (half + self.shift * max(height, width)) / (1 - self.zoom)
        return math.ceil(reach - min(height, width) / 2) + 1


def _matrix(
    height: int, width: int, margin: int, right: float, down: float, degrees: float, zoom: float
) -> tuple[float, ...]:
    """Where a pixel of the changed image comes from in the padded one, as Pillow wants it."""
    cos, sin = (f(math.radians(degrees)) / (1 + zoom) for f in (math.cos, math.sin))
    # About the middle: first moved back, then turned back.
    x, y = width / 2 + right * width, height / 2 + down * height
    return (
        *(cos, sin, margin + width / 2 - cos * x - sin * y),
        *(-sin, cos, margin + height / 2 + sin * x - cos * y),
    )
