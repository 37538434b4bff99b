import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from tests.helpers.networks import gaussian_decoder
from vae.data.file_names import FileNames
from vae.figures import traversals
from vae.latent import codes
from vae.latent.codes import Codes, DatasetCodes, Information
from vae.latent.principal_components import MOST_DIMENSIONS

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(8, 8, 1), (128, 128, 3)])
@pytest.mark.parametrize("latent_dim", [1, 2, 64])
def test_traversals_name_the_dimensions_shown(tmp_path, shape, latent_dim):
    kl = Information("KL", "nats", np.arange(latent_dim, dtype=float))
    rows = traversals.rows_that_fit(shape)
    sweep = traversals.of_dimensions(kl, rows, 5)
    images = np.zeros((*sweep.z.shape[:2], *shape))
    figure = traversals.draw(images, sweep, TITLE)
    picture(figure, tmp_path / "traversals.png")
    shown = {f"z[{d}]" for d in range(latent_dim)[::-1][:rows]}
    assert {text for text in texts(figure) if text.startswith("z[")} == shown


@pytest.mark.parametrize("shape", [(8, 8, 1), (128, 128, 3)])
def test_components_are_swept_about_the_mean_code(tmp_path, shape):
    """Codes along two axes, with deviations of 5 and 2."""
    scores = RNG.choice([-1, 1], (400, 2))
    axes = np.linalg.qr(RNG.normal(size=(30, 2)))[0].T
    z = (scores * (5, 2) @ axes + 7).astype(np.float32)
    sweep = traversals.of_components(z, 4, 7)
    assert sweep.z.shape == (4, 7, 30)
    np.testing.assert_allclose(sweep.z[:, 3], np.tile(z.mean(axis=0), (4, 1)), rtol=1e-6)
    np.testing.assert_array_equal(sweep.values, np.arange(-3, 4))
    moved = np.ptp(sweep.z, axis=1)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), [30, 12, 0, 0], rtol=0.05, atol=0.1)
    np.testing.assert_allclose(sweep.information.values[:2], [86, 14], atol=2)
    figure = traversals.draw(np.zeros((4, 7, *shape)), sweep, TITLE)
    picture(figure, tmp_path / "traversals.png")
    assert {"PC 1", "PC 4", "One principal component at a time"} <= set(texts(figure))


@pytest.mark.parametrize("more", [0, 1])
def test_a_code_of_many_dimensions_is_swept_along_components(tmp_path, monkeypatch, more):
    latent_dim = MOST_DIMENSIONS + more
    z = RNG.normal(size=(50, latent_dim)).astype(np.float32)
    split = Codes(z, np.abs(z), np.zeros(50, int), FileNames.none(50), z)
    codes.save(DatasetCodes({"train": split, "test": split}), tmp_path / "codes.npz")
    gaussian_decoder(tmp_path / "decoder.onnx", RNG.normal(size=(latent_dim, 6)) / 99)
    figures = []
    monkeypatch.setattr(traversals, "save", lambda figure, path: figures.append(figure))
    traversals.plot(
        tmp_path / "decoder.onnx", tmp_path / "codes.npz", tmp_path / "a.png", 3, 1, TITLE
    )
    assert ("PC 1" in texts(figures[0])) == bool(more)
    assert ("z[0]" in texts(figures[0])) != bool(more)
