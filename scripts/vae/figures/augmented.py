"""Training images as epochs see them: `augmented.png`."""

import numpy as np
from matplotlib.figure import Figure

from vae.data import images
from vae.data.augmentation import Augmentation
from vae.figures.sheet import album, save, styled
from vae.figures.tiles import how_many_fit, mosaic

FILES = {"augmented.png": "augmented training images"}
DRAWN_WITH = ["augment_shift", "augment_rotate", "augment_zoom", "augment_brightness"]
SETTINGS = {}

MOST = 12  # images
TIMES = 5  # that each is changed


def plot(
    path_to_images: str, path_to_figure: str, changes: dict[str, float], seed: int, title: str
) -> None:
    """Draw random training images, and below each what augmentation makes of it.

    changes: the fields of `Augmentation`.

    Raises UserError if a file is damaged.
    """
    train, augmentation = images.load_split(path_to_images, "train"), Augmentation(**changes)
    rng = np.random.default_rng(seed)
    some = train.pixels[rng.permutation(len(train))[: how_many_fit(train.pixels.shape[1:], MOST)]]
    changed = [augmentation.apply(some, augmentation.draw(len(some), rng)) for _ in range(TIMES)]
    save(draw(np.stack([some, *changed]), title), path_to_figure)


@styled
def draw(rows: np.ndarray, title: str) -> Figure:
    """Images [R, N, H, W, C], uint8, the unchanged ones first."""
    names = ["image", *[""] * (len(rows) - 1)]
    return album(mosaic(rows), "Training images, as they are and as epochs see them", title, names)
