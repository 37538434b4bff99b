"""Training images as epochs see them."""

import numpy as np
from PIL import Image

from tests.helpers.config import RUN
from vae.data import images
from vae.data.images import Images, Split
from vae.figures import augmented
from vae.plan import figures


def test_images_and_what_becomes_of_them(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 6, 9, 3), dtype=np.uint8)
    split = Split(pixels, np.zeros(30, int))
    images.save(Images(split, split), tmp_path / "images.npz")
    path = tmp_path / "a.png"
    augmented.plot(tmp_path / "images.npz", path, {"shift": 0.2}, seed=0, title="title")
    shown = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).reshape(-1, 3)
    assert {tuple(color) for color in pixels[:, 0, 0].tolist()} & {*map(tuple, shown.tolist())}


def test_it_is_drawn_for_runs_that_change_their_images():
    assert "augmented.png" not in figures.files_of_a_run(RUN | {"augment_zoom": 0.0})
    assert "augmented.png" in figures.files_of_a_run(RUN | {"augment_zoom": 0.1})
