import numpy as np
import pytest
from scipy.stats import norm

from vae.latent import sampling


def test_a_plane_has_z0_rightwards_and_z1_upwards():
    z = sampling.uniform_grid(2, 5)
    assert z.shape == (5, 5, 2)
    assert (np.diff(z[:, :, 0], axis=1) > 0).all()
    assert (np.diff(z[:, :, 1], axis=0) < 0).all()
    assert np.ptp(z[:, :, 0], axis=0).max() == 0


@pytest.mark.parametrize("side", [1, 2, 20])
def test_points_are_the_middles_of_cells_of_equal_probability(side):
    row = sampling.uniform_grid(1, side)
    assert row.shape == (1, side, 1)
    np.testing.assert_allclose(norm.cdf(row[0, :, 0]), (np.arange(side) + 0.5) / side, rtol=1e-5)


def test_three_dimensions_are_a_stack_of_planes():
    z = sampling.uniform_grid(3, 4, planes=5)
    assert z.shape == (5, 4, 4, 3)
    assert (np.diff(z[:, 0, 0, 2]) > 0).all()
    assert z[2, 0, 0, 2] == 0
    for plane in z:
        np.testing.assert_array_equal(plane[..., :2], sampling.uniform_grid(2, 4))


@pytest.mark.parametrize("latent_dim", [4, 16, 100])
def test_more_dimensions_are_scattered_evenly(latent_dim):
    z = sampling.uniform_grid(latent_dim, 20, seed=1)
    assert z.shape == (20, 20, latent_dim)
    assert z.dtype == np.float32
    assert np.isfinite(z).all()
    flat = z.reshape(-1, latent_dim)
    np.testing.assert_allclose(flat.mean(0), 0, atol=0.1)
    np.testing.assert_allclose(flat.std(0), 1, atol=0.1)
    np.testing.assert_array_equal(z, sampling.uniform_grid(latent_dim, 20, seed=1))
    assert not np.array_equal(z, sampling.uniform_grid(latent_dim, 20, seed=2))


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 64])
@pytest.mark.parametrize("n", [1, 7, 20])
def test_a_few_points_are_spread_in_any_number_of_dimensions(latent_dim, n):
    z = sampling.spread(n, latent_dim, seed=1)
    assert z.shape == (n, latent_dim)
    assert z.dtype == np.float32
    assert np.isfinite(z).all()
    np.testing.assert_array_equal(z, sampling.spread(n, latent_dim, seed=1))


def test_classes_are_drawn_evenly():
    np.testing.assert_array_equal(sampling.classes(6, 3), [0, 0, 1, 1, 2, 2])
    assert set(np.bincount(sampling.classes(100, 7))) <= {14, 15}
    np.testing.assert_array_equal(sampling.classes(3, 101), [0, 33, 67])
    np.testing.assert_array_equal(sampling.classes(3, 0), [0, 0, 0])


def test_draws_from_the_prior_follow_from_the_seed():
    z = sampling.prior(5000, 3, seed=4)
    np.testing.assert_array_equal(z, sampling.prior(5000, 3, seed=4))
    assert not np.array_equal(z, sampling.prior(5000, 3, seed=5))
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=0.1)


def test_a_traversal_moves_one_dimension_and_leaves_the_others():
    base = np.array([0.5, -1.0, 2.0])
    z = sampling.traversals(3, steps=5, extent=2, base=base)
    assert z.shape == (3, 5, 3)
    for row in range(3):
        np.testing.assert_allclose(z[row, :, row], [-2, -1, 0, 1, 2])
        others = np.delete(z[row], row, axis=1)
        np.testing.assert_allclose(others, np.tile(np.delete(base, row), (5, 1)))


def test_a_traversal_starts_from_the_middle_of_the_prior():
    z = sampling.traversals(2, steps=3)
    np.testing.assert_array_equal(z[0], [[-3, 0], [0, 0], [3, 0]])
