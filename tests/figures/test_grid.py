import numpy as np
import pytest
from onnx import helper

from tests.helpers.figures import TITLE, picture, texts
from tests.helpers.networks import SHAPE, gaussian_decoder, write
from vae.data.file_names import FileNames
from vae.figures import grid
from vae.latent import codes, sampling
from vae.latent.codes import Codes, DatasetCodes
from vae.latent.onnx import Decoder


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


@pytest.fixture
def path_to_codes(tmp_path):
    """Codes of 25 dimensions about 0.7: z[3] has a deviation of 5, z[8] of 2, the others none."""
    z = np.full((400, 25), 0.7, np.float32)
    z[:, [3, 8]] += np.tile([[5, 2], [5, -2], [-5, 2], [-5, -2]], (100, 1))
    split = Codes(z, np.abs(z), np.zeros(400, int), FileNames.none(400), z)
    codes.save(DatasetCodes({"train": split, "test": split}), tmp_path / "codes.npz")
    return tmp_path / "codes.npz"


@pytest.fixture
def drawn(monkeypatch):
    """The images of each figure, and the figures."""
    images, figures = [], []
    for name in ("draw", "draw_classes"):
        draw = getattr(grid, name)
        monkeypatch.setattr(
            grid, name, lambda *args, draw=draw: images.append(args[0]) or draw(*args)
        )
    monkeypatch.setattr(grid, "save", lambda figure, path: figures.append(figure))
    return images, figures


def test_a_grid_of_many_dimensions_is_a_plane_about_the_mean_code(tmp_path, path_to_codes, drawn):
    weight = np.zeros((25, 6))
    weight[3, 0] = weight[8, 1] = 1
    path = tmp_path / "decoder.onnx"
    gaussian_decoder(path, weight, bias=np.zeros(6))
    grid.plot(path, path_to_codes, tmp_path / "grid.png", None, 3, 0, 1, TITLE)
    (images,), (figure,) = drawn
    assert images.shape == (3, 3, *SHAPE)
    points = images.reshape(3, 3, 6)[..., :2]
    np.testing.assert_allclose(points[1, 1], 0.7, atol=1e-5)
    step = sampling.uniform_grid(1, 3)[0, 2, 0]
    moved = np.abs(points - points[1, 1])
    across = step * np.tile([1, 0, 1], (3, 1))
    np.testing.assert_allclose(moved[..., 0], 5 * across, atol=1e-4)
    np.testing.assert_allclose(moved[..., 1], 2 * across.T, atol=1e-4)
    assert {f"PC {i}, standard deviations" for i in (1, 2)} <= set(texts(figure))


def test_classes_of_many_dimensions_share_points_of_components(tmp_path, path_to_codes, drawn):
    weight = np.random.default_rng(0).normal(size=(27, 6)).astype(np.float32)
    nodes = [
        helper.make_node("Concat", ["z", "class"], ["all"], axis=1),
        helper.make_node("MatMul", ["all", "weight"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["mean"]),
    ]
    constants = {"weight": weight, "shape": np.array([-1, *SHAPE])}
    path = tmp_path / "decoder.onnx"
    write(path, {"z": (25,), "class": (2,)}, {"mean": SHAPE}, nodes, constants)
    grid.plot(path, path_to_codes, tmp_path / "grid.png", None, 4, 0, 1, TITLE)
    (images,), (figure,) = drawn
    assert images.shape == (2, 4, *SHAPE)
    assert Decoder(path).classes == 2
    between = (weight[26] - weight[25]).reshape(SHAPE)
    np.testing.assert_allclose(images[1] - images[0], np.tile(between, (4, 1, 1, 1)), atol=1e-6)
    assert np.linalg.matrix_rank((images[0] - images[0, :1]).reshape(4, 6), tol=1e-4) == 2
    assert any("points of the first two principal components" in text for text in texts(figure))
