import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import latent_space
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
    assert len(named) == min(classes, 10)
    if classes == 101:
        assert "91 other classes" in texts(figure)


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
