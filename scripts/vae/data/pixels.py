"""Scaling of pixels: uint8 to [0, 1] and back."""

import numpy as np


def to_unit(pixels: np.ndarray) -> np.ndarray:
    """Return uint8 pixels as float32 in [0, 1]; 255 becomes 1."""
    return pixels / np.float32(255)


def flat(images: np.ndarray) -> np.ndarray:
    """Return images [..., H, W, C] as vectors [..., P]."""
    return images.reshape(*images.shape[:-3], -1)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Return images in [0, 1] as uint8, rounded and clipped; uint8 images stay as they are."""
    if images.dtype == np.uint8:
        return images
    return np.rint(255 * np.clip(images, 0, 1)).astype(np.uint8)
