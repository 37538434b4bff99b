import numpy as np
import pytest

from vae.data.file_names import FileNames
from vae.latent import codes, mixture, mixture_fitting
from vae.latent.codes import Codes, DatasetCodes, Draws
from vae.latent.mixture import Mixture
from vae.services.errors import UserError

KNOWN = Mixture(
    np.array([0.2, 0.5, 0.3]),
    np.array([[-10.0, 0], [0, 10], [10, 0]]),
    np.array([[[1, 0.8], [0.8, 1]], [[4, 0], [0, 0.25]], [[0.1, 0], [0, 0.1]]]),
)


def test_known_clusters_are_found_again():
    """90 codes in two dimensions have three components."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [20, 30, 40])
    codes = 100 * KNOWN.means[labels] + rng.normal(size=(90, 2)) @ [[1, 0.8], [0, 0.6]]
    found = mixture_fitting.fit(codes)
    order = [np.square(found.means - 100 * mean).sum(axis=1).argmin() for mean in KNOWN.means]
    np.testing.assert_allclose(found.weights[order], np.array([2, 3, 4]) / 9)
    for label, k in enumerate(order):
        mine = codes[labels == label]
        np.testing.assert_allclose(found.means[k], mine.mean(axis=0))
        np.testing.assert_allclose(found.covariances[k], np.cov(mine.T, bias=True), atol=1e-5)


def test_draws_have_the_moments_of_the_mixture_and_follow_from_the_seed():
    z = KNOWN.draw(50_000, seed=3)
    assert z.dtype == np.float32
    mean = KNOWN.weights @ KNOWN.means
    spread = KNOWN.means - mean
    within = np.tensordot(KNOWN.weights, KNOWN.covariances, 1)
    np.testing.assert_allclose(z.mean(axis=0), mean, atol=0.15)
    covariance = within + (KNOWN.weights * spread.T) @ spread
    np.testing.assert_allclose(np.cov(z.T), covariance, rtol=0.02, atol=0.3)
    np.testing.assert_array_equal(z, KNOWN.draw(50_000, seed=3))
    assert not np.array_equal(z, KNOWN.draw(50_000, seed=4))
    assert KNOWN.draw(0).shape == (0, 2)


@pytest.mark.parametrize(
    ("n", "latent_dim", "components"), [(1, 2, 1), (7, 3, 1), (90, 2, 3), (2000, 2, 10)]
)
def test_few_codes_have_few_components(n, latent_dim, components):
    codes = np.random.default_rng(0).normal(size=(n, latent_dim)).astype(np.float32)
    fitted = mixture_fitting.fit(codes)
    assert fitted.means.shape == (components, latent_dim)
    assert np.isfinite(fitted.draw(10)).all()


def test_codes_that_are_all_the_same_are_drawn_again():
    fitted = mixture_fitting.fit(np.full((1000, 2), 3.0, np.float32))
    np.testing.assert_allclose(fitted.draw(10), 3, atol=0.01)


def test_codes_that_are_no_numbers_say_so():
    with pytest.raises(UserError, match="diverged"):
        mixture_fitting.fit(np.full((10, 2), np.nan))


def test_a_mixture_comes_back_as_it_was(tmp_path):
    mixture.save(KNOWN, tmp_path / "mixture.npz")
    loaded = mixture.load(tmp_path / "mixture.npz")
    for field in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(loaded, field), getattr(KNOWN, field))


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": np.ones(3)},
        {"weights": np.ones(2) / 2},
        {"means": np.full((3, 2), np.nan)},
        {"covariances": -KNOWN.covariances},
        {"means": KNOWN.means.astype("datetime64[Y]")},
        {"covariances": np.array([object()], dtype=object)},
    ],
)
def test_a_damaged_mixture_says_what_to_do(tmp_path, changes):
    path = tmp_path / "mixture.npz"
    np.savez(path, **(vars(KNOWN) | changes))
    with pytest.raises(UserError, match=r"mixture\.npz is damaged .* Delete it"):
        mixture.load(path)


def test_the_script_fits_draws_from_the_posteriors(tmp_path):
    """Two kinds of images, whose codes are 1 apart with a deviation of 0.1."""
    labels = np.arange(400) % 2
    z = labels[:, None].astype(np.float32)
    log_var = np.full_like(z, 2 * np.log(0.1))
    train = Codes(z, z, labels, FileNames.none(400), log_var)
    codes.save(DatasetCodes({"train": train, "test": train}), tmp_path / "codes.npz")
    path = tmp_path / "mixture.npz"
    mixture_fitting.fit_to_codes(tmp_path / "codes.npz", path, seed=0)
    z = mixture.load(path).draw(10_000)[:, 0]
    low, high = z[z < 0.5], z[z > 0.5]
    assert len(low) == pytest.approx(5000, rel=0.1)
    np.testing.assert_allclose([low.mean(), high.mean()], [0, 1], atol=0.02)
    np.testing.assert_allclose([low.std(), high.std()], 0.1, rtol=0.15)


def test_draws_of_a_posterior_that_is_not_normal_are_taken_as_they_are():
    z = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    train = Codes(z, z, np.zeros(20, int), FileNames.none(20))
    draws = Draws(z[:5] + 1, np.arange(5))
    dataset = DatasetCodes({"train": train}, draws=draws)
    np.testing.assert_array_equal(mixture_fitting.drawn(dataset, seed=0), draws.z)
