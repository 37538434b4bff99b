import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scripts.vae import figures, sampling
from scripts.vae.figures import GAP, LARGEST, mosaic

TITLE = "mnist   ·   ld_2"
SHAPES = [(8, 8, 1), (28, 28, 1), (37, 50, 3), (128, 128, 3)]


def picture(figure, path):
    figures.save(figure, path)
    with Image.open(path) as image:
        image.load()
        assert max(image.size) <= figures.LONGEST
        return image


def codes(n, latent_dim, classes, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, latent_dim)).astype(np.float32)
    labels = np.arange(n) % classes if classes else np.full(n, -1)
    return z, labels, tuple(f"class {i}" for i in range(classes)), rng.random(latent_dim)


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def test_every_image_of_a_mosaic_is_in_its_place_with_sharp_pixels():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 3, 4, 5, 3), np.uint8)
    whole = mosaic(images, (200, 200))
    by = min(LARGEST // 5, 200 // (3 * 6), 200 // (2 * 5))
    gap = max(GAP, by)
    assert whole.shape == (2 * (4 * by + gap) - gap, 3 * (5 * by + gap) - gap, 3)
    for row in range(2):
        for column in range(3):
            top, left = row * (4 * by + gap), column * (5 * by + gap)
            part = whole[top : top + 4 * by, left : left + 5 * by]
            np.testing.assert_array_equal(part[::by, ::by], images[row, column])
            np.testing.assert_array_equal(part[by - 1 :: by, by - 1 :: by], images[row, column])
    assert (whole[4 * by : 4 * by + gap] == 255).all()


def test_gray_images_become_rgb_and_fractions_bytes():
    whole = mosaic(np.full((1, 1, 96, 96, 1), 0.5))
    assert whole.dtype == np.uint8
    assert whole.shape == (96, 96, 3)
    assert set(whole.ravel()) <= {127, 128}


def test_images_that_do_not_fit_are_shrunk():
    whole = mosaic(np.zeros((4, 4, 100, 100, 3), np.uint8), (250, 250))
    assert max(whole.shape) <= 250 + 3 * GAP


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("latent_dim", [1, 2, 3, 16])
def test_grids_have_a_readable_size(tmp_path, shape, latent_dim):
    at_most, room = (10, figures.PLANE_ROOM) if latent_dim == 3 else (20, figures.ROOM)
    side = figures.fitting(shape, at_most, room)
    z = sampling.uniform_grid(latent_dim, side, figures.PLANES)
    images = np.random.default_rng(0).random((*z.shape[:-1], *shape), np.float32)
    picture(figures.grid(images, z, TITLE), tmp_path / "grid.png")


def test_a_grid_of_two_dimensions_shows_images_where_their_points_are(tmp_path):
    """The brighter the further right, the redder the further up."""
    z = sampling.uniform_grid(2, 4)
    images = np.zeros((4, 4, 8, 8, 3))
    images[..., 2] = (z[..., 0, None, None] > 0) * 1.0
    images[..., 0] = (z[..., 1, None, None] > 0) * 1.0
    pixels = np.asarray(picture(figures.grid(images, z, TITLE), tmp_path / "a.png").convert("RGB"))
    red = np.argwhere((pixels == (255, 0, 0)).all(-1)).mean(0)
    blue = np.argwhere((pixels == (0, 0, 255)).all(-1)).mean(0)
    assert red[0] < blue[0]
    assert red[1] < blue[1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [1, 100])
def test_samples_and_reconstructions_have_a_readable_size(tmp_path, shape, n):
    images = np.random.default_rng(0).random((n, *shape), np.float32)
    picture(figures.samples(images, TITLE), tmp_path / "samples.png")
    assert any("z from a mixture" in t for t in texts(figures.samples(images, TITLE, "a mixture")))
    originals = (255 * images).astype(np.uint8)
    picture(figures.reconstructions(originals, images, TITLE), tmp_path / "reconstructions.png")


@pytest.mark.parametrize("shape", [(8, 8, 1), (128, 128, 3)])
@pytest.mark.parametrize("latent_dim", [1, 2, 64])
def test_traversals_name_the_dimensions_shown(tmp_path, shape, latent_dim):
    kl = np.arange(latent_dim, dtype=float)
    dimensions = np.argsort(-kl)[: figures.fitting(shape, 20, figures.TRAVERSAL_ROOM)]
    values = np.linspace(-3, 3, 5)
    images = np.zeros((len(dimensions), 5, *shape))
    figure = figures.traversals(images, values, dimensions, kl, TITLE)
    picture(figure, tmp_path / "traversals.png")
    assert {f"z[{d}]" for d in dimensions} <= set(texts(figure))


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 100])
@pytest.mark.parametrize("classes", [0, 10, 101])
def test_latent_spaces_of_every_size(tmp_path, latent_dim, classes):
    figure = figures.latent_space(*codes(200, latent_dim, classes), TITLE)
    picture(figure, tmp_path / "latent.png")
    named = {text for text in texts(figure) if text.startswith("class ")}
    assert len(named) == min(classes, 10)
    if classes == 101:
        assert "91 other classes" in texts(figure)


def test_one_image_and_a_dimension_that_never_moves(tmp_path):
    z, labels, names, kl = codes(1, 5, 3)
    picture(figures.latent_space(z, labels, names, kl, TITLE), tmp_path / "one.png")
    z, labels, names, kl = codes(20, 5, 3)
    z[:, 2] = 0
    kl[2] = 0
    figure = figures.latent_space(z, labels, names, kl, TITLE)
    picture(figure, tmp_path / "still.png")
    assert any(text.startswith("4 of 5 dimensions active") for text in texts(figure))


@pytest.mark.parametrize("name", ["$x$", "$", "a_b^c", "<b>", "back\\slash", "{}", "naïve «é»"])
def test_odd_class_names_are_drawn_as_they_are(tmp_path, name):
    z, labels, _, kl = codes(20, 2, 1)
    figure = figures.latent_space(z, labels, (name,), kl, TITLE)
    picture(figure, tmp_path / "latent.png")


@pytest.mark.parametrize("epochs", [1, 2, 300])
def test_histories_of_any_length(tmp_path, epochs):
    columns = "loss reconstruction kl test_loss test_reconstruction test_kl learning_rate seconds"
    frame = pd.DataFrame({column: 1000.0 / np.arange(1, epochs + 1) for column in columns.split()})
    frame.insert(0, "epoch", np.arange(1, epochs + 1))
    figure = figures.history(frame, TITLE)
    picture(figure, tmp_path / "history.png")
    assert "epoch" in texts(figure)


def test_an_architecture_names_its_layers(tmp_path):
    def layer(name, inputs, parameters=0):
        return {
            "name": name,
            "type": "Dense",
            "output_shape": [4],
            "parameters": parameters,
            "inputs": inputs,
            "detail": "relu",
        }

    chain = [layer("image", [])]
    for number in range(30):
        chain.append(layer(f"layer_{number}", [chain[-1]["name"]], 10))
    encoder = [*chain, layer("z_mean", ["layer_29"]), layer("z_log_var", ["layer_29"])]
    networks = {"encoder": encoder, "decoder": [layer("z", []), layer("mean", ["z"], 7)]}
    figure = figures.architecture(networks, TITLE)
    picture(figure, tmp_path / "architecture.png")
    assert {"z_mean", "z_log_var", "layer_7"} <= set(texts(figure))
    assert any("307 parameters" in text for text in texts(figure))


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    contents = set()
    for number in range(2):
        path = tmp_path / f"{number}.png"
        figures.save(figures.latent_space(*codes(30, 3, 4), TITLE), path)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_an_animation_goes_there_and_back(tmp_path):
    z = sampling.uniform_grid(3, 2, planes=4)
    frames = []
    for number, plane in enumerate(z):
        images = np.full((2, 2, 8, 8, 1), number / 4)
        frames.append(figures.plane(images, plane, 2.0, TITLE))
    figures.save_animation(frames, tmp_path / "grid.gif")
    with Image.open(io.BytesIO((tmp_path / "grid.gif").read_bytes())) as gif:
        assert gif.n_frames == 6
        assert gif.info["loop"] == 0
        assert max(gif.size) <= figures.LONGEST
