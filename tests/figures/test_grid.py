import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import grid
from vae.latent import sampling


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (37, 50, 3), (128, 128, 3)])
@pytest.mark.parametrize("latent_dim", [1, 2, 3, 16])
def test_grids_have_a_readable_size(tmp_path, shape, latent_dim):
    z = sampling.uniform_grid(latent_dim, grid.side_that_fits(shape, latent_dim))
    images = np.random.default_rng(0).random((*z.shape[:-1], *shape), np.float32)
    picture(grid.draw(images, z, TITLE), tmp_path / "grid.png")


def test_a_grid_of_two_dimensions_shows_images_where_their_points_are(tmp_path):
    """The brighter the further right, the redder the further up."""
    z = sampling.uniform_grid(2, 4)
    images = np.zeros((4, 4, 8, 8, 3))
    images[..., 2] = (z[..., 0, None, None] > 0) * 1.0
    images[..., 0] = (z[..., 1, None, None] > 0) * 1.0
    pixels = np.asarray(picture(grid.draw(images, z, TITLE), tmp_path / "a.png").convert("RGB"))
    red = np.argwhere((pixels == (255, 0, 0)).all(-1)).mean(0)
    blue = np.argwhere((pixels == (0, 0, 255)).all(-1)).mean(0)
    assert red[0] < blue[0]
    assert red[1] < blue[1]


@pytest.mark.parametrize(
    ("names", "count"), [(["cat", "dog"], 2), (["a long name of a class"], 101)]
)
def test_classes_stand_beside_their_rows(tmp_path, names, count):
    images = np.zeros((len(names), 5, 32, 32, 3))
    figure = grid.draw_classes(images, names, count, TITLE)
    assert set(names) <= set(texts(figure))
    assert any(("each class" in t) == (count == 2) for t in texts(figure) if "points" in t)
    picture(figure, tmp_path / "grid.png")
