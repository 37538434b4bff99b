import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import latent_space
from vae.figures.groups import CHOOSE
from vae.latent.codes import Information


def codes(n, latent_dim, classes, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, latent_dim)).astype(np.float32)
    labels = np.arange(n) % classes if classes else np.full(n, -1)
    names = tuple(f"class {i}" for i in range(classes))
    return z, labels, names, Information("KL", "nats", rng.random(latent_dim))


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 100])
@pytest.mark.parametrize("classes", [0, 10, 101])
def test_latent_spaces_of_every_size(tmp_path, latent_dim, classes):
    figure = latent_space.draw(*codes(200, latent_dim, classes), TITLE)
    picture(figure, tmp_path / "latent.png")
    named = {text for text in texts(figure) if text.startswith("class ")}
    assert len(named) == min(classes, 20)
    if classes == 101:
        assert "81 other classes\n(choose by figures: {classes: [...]})" in texts(figure)


@pytest.mark.parametrize("classes", [11, 20])
def test_up_to_twenty_classes_have_colours_of_their_own(classes):
    figure = latent_space.draw(*codes(200, 2, classes), TITLE)
    (legend,) = (axes.get_legend() for axes in figure.axes)
    colours = [mark.get_color() for mark in legend.get_lines()]
    assert len({*colours}) == len(colours) == classes


def test_classes_can_be_chosen():
    figure = latent_space.draw(*codes(200, 2, 101), TITLE, [3, 77])
    named = [text for text in texts(figure) if "class" in text]
    assert {*named} == {"class", "class 3", "class 77", f"99 other classes{CHOOSE}"}


def test_one_image_and_a_dimension_that_never_moves(tmp_path):
    z, labels, names, kl = codes(1, 5, 3)
    picture(latent_space.draw(z, labels, names, kl, TITLE), tmp_path / "one.png")
    z, labels, names, kl = codes(20, 5, 3)
    z[:, 2] = 0
    kl.values[2] = 0
    figure = latent_space.draw(z, labels, names, kl, TITLE)
    picture(figure, tmp_path / "still.png")
    assert any(text.startswith("4 of 5 dimensions active") for text in texts(figure))


@pytest.mark.parametrize("name", ["$x$", "$", "a_b^c", "<b>", "back\\slash", "{}", "naïve «é»"])
def test_odd_class_names_are_drawn_as_they_are(tmp_path, name):
    z, labels, _, kl = codes(20, 2, 1)
    figure = latent_space.draw(z, labels, (name,), kl, TITLE)
    picture(figure, tmp_path / "latent.png")


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 5])
def test_codes_that_hardly_differ_look_so(latent_dim, tmp_path):
    z, labels, names, _ = codes(50, latent_dim, 3)
    kl = Information("KL", "nats", np.full(latent_dim, 1e-6))
    figure = latent_space.draw(1e-6 * z, labels, names, kl, TITLE)
    picture(figure, tmp_path / "latent.png")
    assert np.ptp(figure.axes[0].get_xlim()) >= 2
    if latent_dim == 5:
        assert figure.axes[1].get_ylim()[1] > 0.1
