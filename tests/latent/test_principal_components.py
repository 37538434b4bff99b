import numpy as np
import pytest
from sklearn.decomposition import PCA

from vae.latent.principal_components import principal_components


@pytest.mark.parametrize("n_components", [1, 3, 5])
def test_they_are_those_of_scikit_learn(n_components):
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(200, 5)) * (5, 4, 3, 2, 1) @ rng.normal(size=(5, 5)) + 7
    pca = PCA(n_components).fit(codes)
    components = principal_components(codes, n_components)
    np.testing.assert_allclose(components.mean, pca.mean_)
    np.testing.assert_allclose(components.shares, pca.explained_variance_ratio_)
    cosines = np.abs((components.axes * pca.components_).sum(axis=1))
    np.testing.assert_allclose(cosines, 1)


def test_there_are_no_more_of_them_than_dimensions():
    components = principal_components(np.eye(3), 9)
    assert components.axes.shape == (3, 3)
    assert components.shares.sum() == pytest.approx(1)


def test_codes_that_are_all_the_same_have_no_variance_to_share():
    components = principal_components(np.ones((4, 2), np.float32), 2)
    assert list(components.shares) == [0, 0]
    assert components.axes.dtype == np.float32
