"""Binary images drawn from gray ones: what likelihoods of MNIST in the literature are about."""

import tempfile
from dataclasses import replace

import numpy as np

from vae.data.images import Images


def draw(
    pixels: np.ndarray, rng: np.random.Generator, result: np.ndarray | None = None
) -> np.ndarray:
    """Each value of uint8 pixels [N, ...] as 255 with probability value / 255, else 0.

    Salakhutdinov and Murray 2008 (doi 10.1145/1390156.1390266), section 5; Burda et al. 2015
    (arXiv 1509.00519) draw anew in every epoch.

    result: to be filled and returned; by default a new array.
    """
    result = np.empty_like(pixels) if result is None else result
    at_once = max(1, 2**22 // max(1, pixels[:1].size))
    for start in range(0, len(pixels), at_once):
        part = pixels[start : start + at_once]
        # 0 is never below 0, 255 always below 255: black and white stay as they are.
        chance = rng.random(part.shape, dtype=np.float32) * np.float32(255)
        result[start : start + at_once] = np.where(chance < part, 255, 0)
    return result


def fixed_generator(split: str) -> np.random.Generator:
    """What draws the images of a split once, the same for every run."""
    return np.random.default_rng([0, ("train", "test", "validation").index(split)])


def fixed(images: Images) -> Images:
    """Every image drawn once, the same for every run: what runs are measured on.

    They are in temporary files that vanish with them, and mapped.
    """
    return replace(
        images,
        **{
            name: replace(split, pixels=_in_file(split.pixels, fixed_generator(name)))
            for name, split in images.splits.items()
        },
    )


def _in_file(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if not pixels.size:  # nothing can be mapped
        return pixels
    with tempfile.TemporaryFile() as file:
        result = np.memmap(file, np.uint8, "w+", shape=pixels.shape).view(np.ndarray)
    return draw(pixels, rng, result)
