import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import samples
from vae.latent import mixture

ORIGIN = "the prior, N(0, I)"


class Blank:
    """A decoder of black images."""

    classes = 0
    latent_dim = latent_size = 2
    image_shape = (8, 8, 1)

    def __call__(self, z, labels):
        return np.zeros((len(z), *self.image_shape))


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (37, 50, 3), (128, 128, 3)])
@pytest.mark.parametrize("n", [1, 100])
def test_samples_have_a_readable_size(tmp_path, shape, n):
    images = np.random.default_rng(0).random((n, *shape), np.float32)
    figure = samples.draw(images, TITLE, ORIGIN)
    picture(figure, tmp_path / "samples.png")
    assert any(f"z from {ORIGIN}" in text for text in texts(figure))


@pytest.mark.parametrize(
    ("components", "origin"),
    [(0, ORIGIN), (1, "a mixture of 1 Gaussian"), (3, "a mixture of 3 Gaussians")],
)
def test_the_title_says_where_the_draws_come_from(tmp_path, monkeypatch, components, origin):
    figures = []
    monkeypatch.setattr(samples, "Decoder", lambda path, threads: Blank())
    monkeypatch.setattr(samples, "save", lambda figure, path: figures.append(figure))
    path = None
    if components:
        path = str(tmp_path / "mixture.npz")
        weights = np.full(components, 1 / components)
        factors = np.tile(np.eye(2), (components, 1, 1))
        mixture.save(mixture.Mixture(weights, np.zeros((components, 2)), factors), path)
    samples.plot("decoder.onnx", path, "samples.png", None, 0, 1, TITLE)
    assert [text for text in texts(figures[0]) if text.endswith(f"z from {origin}")]
