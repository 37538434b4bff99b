import io

import numpy as np
from PIL import Image

from tests.helpers.figures import TITLE
from vae.figures import grid_animation, sheet
from vae.latent import sampling


def test_an_animation_goes_there_and_back(tmp_path):
    z = sampling.uniform_grid(3, 2, planes=4)
    frames = []
    for number, plane in enumerate(z):
        images = np.full((2, 2, 8, 8, 1), number / 4)
        frames.append(grid_animation.draw(images, plane, 2.0, TITLE))
    sheet.save_animation(frames, tmp_path / "grid.gif")
    with Image.open(io.BytesIO((tmp_path / "grid.gif").read_bytes())) as gif:
        assert gif.n_frames == 6
        assert gif.info["loop"] == 0
        assert max(gif.size) <= sheet.LONGEST
