import numpy as np
import pytest
from sklearn import decomposition

from tests.helpers.networks import PIXELS
from vae.evaluation import metrics, pca
from vae.evaluation.pca import PCA


@pytest.fixture(params=[2**20, 50], ids=["at once", "in parts"])
def _batch(request, monkeypatch):
    monkeypatch.setattr(pca, "BATCH", request.param)


@pytest.mark.usefixtures("_batch")
@pytest.mark.parametrize("components", [1, 4])
def test_pca_is_that_of_scikit_learn(components):
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(300, 6)) * [40, 25, 20, 15, 10, 5]
    values = 128 + latent @ rng.normal(size=(6, 48)) + rng.normal(size=(300, 48))
    pixels = np.clip(values, 0, 255).astype(np.uint8).reshape(300, 4, 4, 3)
    x = pixels.reshape(300, -1) / 255
    reference = decomposition.PCA(components, svd_solver="full").fit(x)
    fitted = PCA(pixels, components)
    cosines = np.abs((fitted.components.T * reference.components_).sum(axis=1))
    np.testing.assert_allclose(cosines, 1, atol=1e-4)
    expected = np.clip(reference.inverse_transform(reference.transform(x)), 0, 1)
    codes = reference.transform(x) * np.sign((fitted.components.T * reference.components_).sum(1))
    np.testing.assert_allclose(fitted.codes(pixels), codes, atol=1e-3)
    np.testing.assert_allclose(fitted(pixels).reshape(300, -1), expected, atol=1e-3)
    error = metrics.mse(pixels / 255, fitted(pixels)).mean()
    np.testing.assert_allclose(error, np.square(x - expected).mean(), rtol=1e-4)


def test_pca_of_as_many_components_as_pixels_loses_nothing():
    np.testing.assert_allclose(PCA(PIXELS, 1000)(PIXELS), PIXELS / 255, atol=1e-5)
