import numpy as np
import pytest
from sklearn.decomposition import PCA

from vae.latent import principal_components as module
from vae.latent.principal_components import principal_components

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(200, 5)) * (5, 4, 3, 2, 1) @ RNG.normal(size=(5, 5)) + 7


@pytest.fixture
def truncated(monkeypatch):
    """As if codes had so many dimensions that a covariance is too much."""
    monkeypatch.setattr(module, "EXACT", 1)


@pytest.mark.parametrize("n_components", [1, 3, 5])
def test_they_are_those_of_scikit_learn(n_components):
    pca = PCA(n_components).fit(CODES)
    components = principal_components(CODES, n_components)
    np.testing.assert_allclose(components.mean, pca.mean_)
    np.testing.assert_allclose(components.shares, pca.explained_variance_ratio_)
    cosines = np.abs((components.axes * pca.components_).sum(axis=1))
    np.testing.assert_allclose(cosines, 1)
    scores = (CODES - components.mean) @ components.axes.T
    np.testing.assert_allclose(components.deviations, scores.std(axis=0))


def test_codes_come_back_from_their_scores():
    components = principal_components(CODES, 5)
    scores = (CODES - components.mean) @ components.axes.T / components.deviations
    np.testing.assert_allclose(components.codes(scores), CODES)
    np.testing.assert_array_equal(components.codes(np.zeros((2, 3, 5)))[1, 2], components.mean)


@pytest.mark.parametrize("n_components", [1, 3, 5])
def test_they_are_the_same_without_a_covariance(truncated, n_components):
    components = principal_components(CODES, n_components)
    pca = PCA(n_components).fit(CODES)
    np.testing.assert_allclose(components.shares, pca.explained_variance_ratio_)
    np.testing.assert_allclose(np.abs((components.axes * pca.components_).sum(axis=1)), 1)
    again = principal_components(CODES, n_components)
    np.testing.assert_array_equal(components.axes, again.axes)


def test_a_few_codes_of_very_many_dimensions_have_as_many_as_codes():
    codes = RNG.normal(size=(4, 3000)).astype(np.float32)
    components = principal_components(codes, 9)
    assert components.axes.shape == (4, 3000)
    assert components.axes.dtype == components.deviations.dtype == np.float32
    assert components.shares.sum() == pytest.approx(1)


def test_there_are_no_more_of_them_than_dimensions():
    components = principal_components(np.eye(3), 9)
    assert components.axes.shape == (3, 3)
    assert components.shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("exact", [1, 2000])
def test_codes_that_are_all_the_same_have_no_variance_to_share(monkeypatch, exact):
    monkeypatch.setattr(module, "EXACT", exact)
    components = principal_components(np.ones((4, 2), np.float32), 2)
    assert list(components.shares) == [0, 0]
    assert components.axes.dtype == np.float32
