import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import mosaics
from vae.latent import sampling

SHAPES = [(8, 8, 1), (28, 28, 1), (37, 50, 3), (128, 128, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("latent_dim", [1, 2, 3, 16])
def test_grids_have_a_readable_size(tmp_path, shape, latent_dim):
    at_most, room = (10, mosaics.PLANE_ROOM) if latent_dim == 3 else (20, mosaics.ROOM)
    side = mosaics.fitting(shape, at_most, room)
    z = sampling.uniform_grid(latent_dim, side, mosaics.PLANES)
    images = np.random.default_rng(0).random((*z.shape[:-1], *shape), np.float32)
    picture(mosaics.grid(images, z, TITLE), tmp_path / "grid.png")


def test_a_grid_of_two_dimensions_shows_images_where_their_points_are(tmp_path):
    """The brighter the further right, the redder the further up."""
    z = sampling.uniform_grid(2, 4)
    images = np.zeros((4, 4, 8, 8, 3))
    images[..., 2] = (z[..., 0, None, None] > 0) * 1.0
    images[..., 0] = (z[..., 1, None, None] > 0) * 1.0
    pixels = np.asarray(picture(mosaics.grid(images, z, TITLE), tmp_path / "a.png").convert("RGB"))
    red = np.argwhere((pixels == (255, 0, 0)).all(-1)).mean(0)
    blue = np.argwhere((pixels == (0, 0, 255)).all(-1)).mean(0)
    assert red[0] < blue[0]
    assert red[1] < blue[1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [1, 100])
def test_samples_and_reconstructions_have_a_readable_size(tmp_path, shape, n):
    images = np.random.default_rng(0).random((n, *shape), np.float32)
    picture(mosaics.samples(images, TITLE), tmp_path / "samples.png")
    assert any("z from a mixture" in t for t in texts(mosaics.samples(images, TITLE, "a mixture")))
    originals = (255 * images).astype(np.uint8)
    picture(mosaics.reconstructions(originals, images, TITLE), tmp_path / "reconstructions.png")


@pytest.mark.parametrize("shape", [(8, 8, 1), (128, 128, 3)])
@pytest.mark.parametrize("latent_dim", [1, 2, 64])
def test_traversals_name_the_dimensions_shown(tmp_path, shape, latent_dim):
    kl = np.arange(latent_dim, dtype=float)
    dimensions = np.argsort(-kl)[: mosaics.fitting(shape, 20, mosaics.TRAVERSAL_ROOM)]
    values = np.linspace(-3, 3, 5)
    images = np.zeros((len(dimensions), 5, *shape))
    figure = mosaics.traversals(images, values, dimensions, kl, TITLE)
    picture(figure, tmp_path / "traversals.png")
    assert {f"z[{d}]" for d in dimensions} <= set(texts(figure))


@pytest.mark.parametrize(
    ("names", "count"), [(["cat", "dog"], 2), (["a long name of a class"], 101)]
)
def test_classes_stand_beside_their_rows(tmp_path, names, count):
    images = np.zeros((len(names), 5, 32, 32, 3))
    figure = mosaics.classes(images, names, count, TITLE)
    assert set(names) <= set(texts(figure))
    assert any(("each class" in t) == (count == 2) for t in texts(figure) if "points" in t)
    picture(figure, tmp_path / "grid.png")
