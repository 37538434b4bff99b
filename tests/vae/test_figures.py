import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scripts.vae import figures, sampling
from scripts.vae.figures import DPI, LONGEST, WIDEST_GAP, mosaic

TITLE = "mnist   ·   ld_2"
SHAPES = [(8, 8, 1), (28, 28, 1), (37, 50, 3), (128, 128, 3)]


def picture(figure, path):
    figures.save(figure, path)
    with Image.open(path) as image:
        image.load()
        assert max(image.size) <= LONGEST
        return image


def fits(figure):
    """Whether the figure is small enough, and its images lie in it, unscaled."""
    width, height = figure.get_size_inches() * DPI
    extents = [(image.ox, image.oy, *image.get_array().shape[1::-1]) for image in figure.images]
    return (
        figure.dpi == DPI
        and max(width, height) <= LONGEST
        and all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in extents)
    )


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
    by = 11  # 3 columns of 5 pixels and a gap of at most one pixel after each: 200 // 17
    gap = WIDEST_GAP
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


def test_images_that_do_not_fit_are_shrunk_to_the_mean_of_their_pixels():
    images = np.zeros((4, 4, 100, 100, 3), np.uint8)
    images[:, :, ::2] = 100
    whole = mosaic(images, (250, 250))
    assert whole.shape == (4 * 50 + 3 * 2, 4 * 50 + 3 * 2, 3)
    assert (whole[:50, :50] == 50).all()


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (12, 12), (28, 28), (33, 20), (300, 10)])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 13), (20, 20), (2, 142), (100, 100)])
def test_a_mosaic_never_takes_more_than_its_room(rows, columns, shape):
    images = np.broadcast_to(np.uint8(0), (rows, columns, *shape, 1))
    height, width, _ = mosaic(images, (500, 700)).shape
    assert height <= 500
    assert width <= 700


def test_a_saved_figure_shows_a_mosaic_pixel_by_pixel(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), np.uint8)
    whole = mosaic(images.reshape(3, 3, 8, 8, 3))
    height, width, _ = whole.shape
    pixels = np.asarray(picture(figures.samples(images, TITLE), tmp_path / "samples.png"))
    part = pixels[figures.HEAD :, figures.RIGHT :][:height, :width]
    np.testing.assert_array_equal(part, whole)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("latent_dim", [1, 2, 3, 16])
def test_grids_of_the_default_size_fit_unshrunk(shape, latent_dim):
    at_most, room = (10, figures.PLANE_ROOM) if latent_dim == 3 else (20, figures.ROOM)
    side = figures.fitting(shape, at_most, room)
    z = sampling.uniform_grid(latent_dim, side, figures.PLANES)
    figure = figures.grid(np.zeros((*z.shape[:-1], *shape), np.uint8), z, TITLE)
    assert fits(figure)
    columns = z.shape[-2]
    assert figure.images[0].get_array().shape[1] >= columns * shape[1]


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
@pytest.mark.parametrize("n", [1, 50, 100])
def test_samples_and_reconstructions_fit(shape, n):
    images = np.zeros((n, *shape), np.uint8)
    assert fits(figures.samples(images, TITLE))
    assert fits(figures.reconstructions(images, images, TITLE))


@pytest.mark.parametrize("shape", [(1, 1, 1), (12, 12, 1)])
def test_the_largest_settings_fit(shape):
    image = np.broadcast_to(np.uint8(0), (10_000, *shape))
    assert fits(figures.samples(image, TITLE))
    assert fits(figures.reconstructions(image, image, TITLE))
    z = sampling.uniform_grid(2, 100)
    assert fits(figures.grid(image.reshape(100, 100, *shape), z, TITLE))
    z = sampling.uniform_grid(3, 40)
    assert fits(figures.grid(image[:1].repeat(9 * 1600, 0).reshape(9, 40, 40, *shape), z, TITLE))
    values, kl = np.linspace(-3, 3, 100), np.arange(20.0)
    images = image[:2000].reshape(20, 100, *shape)
    assert fits(figures.traversals(images, values, np.arange(20), kl, TITLE))


def test_a_reconstruction_stands_below_its_image():
    originals = np.zeros((2, 8, 8, 1), np.uint8)
    figure = figures.reconstructions(originals, np.ones((2, 8, 8, 1)), TITLE)
    upper, lower = np.split(figure.images[0].get_array()[:, :8], [8 * 12])
    assert (upper == 0).all()
    assert (lower[-8:] == 255).all()
    assert {"image", "reconstruction"} <= set(texts(figure))


@pytest.mark.parametrize("shape", [(8, 8, 1), (128, 128, 3)])
@pytest.mark.parametrize("latent_dim", [1, 2, 64])
def test_traversals_name_the_dimensions_shown(shape, latent_dim):
    kl = np.arange(latent_dim, dtype=float)
    dimensions = np.argsort(-kl)[: figures.fitting(shape, 20, figures.TRAVERSAL_ROOM)]
    values = np.linspace(-3, 3, 5)
    images = np.zeros((len(dimensions), 5, *shape))
    figure = figures.traversals(images, values, dimensions, kl, TITLE)
    assert fits(figure)
    assert {f"z[{d}]" for d in dimensions} <= set(texts(figure))
    capped = f"the {len(dimensions)} of 64 dimensions with the highest KL"
    assert (latent_dim == 64) == any(capped in text for text in texts(figure))


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 100])
@pytest.mark.parametrize("classes", [0, 10, 101])
def test_latent_spaces_of_every_size(latent_dim, classes):
    figure = figures.latent_space(*codes(200, latent_dim, classes), TITLE)
    figure.draw_without_rendering()
    assert fits(figure)
    named = {text for text in texts(figure) if text.startswith("class ")}
    assert len(named) == min(classes, 10)
    assert ("91 other classes" in texts(figure)) == (classes == 101)
    if latent_dim > 1:
        assert any(axes.get_legend() for axes in figure.axes) == bool(classes)


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
