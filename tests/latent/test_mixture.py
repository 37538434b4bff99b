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
    np.linalg.cholesky([[[1, 0.8], [0.8, 1]], [[4, 0], [0, 0.25]], [[0.1, 0], [0, 0.1]]]),
)
# The same means, a single factor, and what is left of each dimension.
FACTORED = Mixture(
    KNOWN.weights,
    KNOWN.means,
    np.array([[[1.0], [2]], [[0], [1]], [[-1], [1]]]),
    np.array([[0.5, 1], [1, 0], [0.1, 0.1]]),
)


def covariances(of):
    """The covariances of the components, [K, D, D]."""
    full = of.factors @ of.factors.swapaxes(1, 2)
    if of.residuals is not None:
        full = full + of.residuals[:, None] ** 2 * np.eye(of.latent_dim)
    return full


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
        np.testing.assert_allclose(covariances(found)[k], np.cov(mine.T, bias=True), atol=1e-5)


@pytest.mark.parametrize("known", [KNOWN, FACTORED], ids=["full", "factored"])
def test_draws_have_the_moments_of_the_mixture_and_follow_from_the_seed(known):
    z = known.draw(50_000, seed=3)
    assert z.dtype == np.float32
    mean = known.weights @ known.means
    spread = known.means - mean
    within = np.tensordot(known.weights, covariances(known), 1)
    np.testing.assert_allclose(z.mean(axis=0), mean, atol=0.15)
    covariance = within + (known.weights * spread.T) @ spread
    np.testing.assert_allclose(np.cov(z.T), covariance, rtol=0.02, atol=0.3)
    np.testing.assert_array_equal(z, known.draw(50_000, seed=3))
    assert not np.array_equal(z, known.draw(50_000, seed=4))
    assert known.draw(0).shape == (0, 2)


def test_each_component_has_its_own_factors_and_residuals():
    z = FACTORED.draw(50_000, seed=3)
    nearest = np.square(z[:, None] - FACTORED.means).sum(axis=2).argmin(axis=1)
    for k, covariance in enumerate(covariances(FACTORED)):
        np.testing.assert_allclose(np.cov(z[nearest == k].T), covariance, atol=0.15)


@pytest.mark.parametrize(
    ("n", "latent_dim", "components"), [(1, 2, 1), (7, 3, 1), (90, 2, 3), (2000, 2, 10)]
)
def test_few_codes_have_few_components(n, latent_dim, components):
    codes = np.random.default_rng(0).normal(size=(n, latent_dim)).astype(np.float32)
    fitted = mixture_fitting.fit(codes)
    assert fitted.means.shape == (components, latent_dim)
    assert np.isfinite(fitted.draw(10)).all()


@pytest.mark.parametrize("latent_dim", [2, mixture_fitting.FULL + 1])
def test_codes_that_are_all_the_same_are_drawn_again(latent_dim):
    fitted = mixture_fitting.fit(np.full((1000, latent_dim), 3.0, np.float32))
    np.testing.assert_allclose(fitted.draw(10), 3, atol=0.01)


def test_of_many_dimensions_one_gaussian_has_their_variances_and_first_components(monkeypatch):
    """Three strong components, of which two are kept, and weak noise of another kind each."""
    monkeypatch.setattr(mixture_fitting, "FULL", 5)
    monkeypatch.setattr(mixture_fitting, "FACTORS", 2)
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(6, 3)))[0] * (9, 6, 2)
    noise = rng.normal(size=(5000, 6)) * np.linspace(0.1, 0.6, 6)
    z = rng.normal(size=(5000, 3)) @ axes.T + noise + 4
    fitted = mixture_fitting.fit(z)
    assert fitted.factors.shape == (1, 6, 2)
    np.testing.assert_allclose(fitted.means[0], z.mean(axis=0))
    (covariance,), expected = covariances(fitted), np.cov(z.T, bias=True)
    np.testing.assert_allclose(covariance.diagonal(), expected.diagonal())
    top = np.linalg.eigh(expected)[1][:, -2:]
    np.testing.assert_allclose(
        top.T @ fitted.factors[0] @ fitted.factors[0].T @ top, top.T @ expected @ top, atol=1e-9
    )
    np.testing.assert_allclose(np.cov(fitted.draw(50_000).T), covariance, rtol=0.05, atol=0.8)


def test_very_many_dimensions_take_no_matrix_of_them_all(tmp_path):
    """A covariance would take 200 MB."""
    z = np.random.default_rng(0).normal(size=(50, 5000)).astype(np.float32)
    mixture.save(mixture_fitting.fit(z), tmp_path / "mixture.npz")
    assert (tmp_path / "mixture.npz").stat().st_size < 2e6
    drawn = mixture.load(tmp_path / "mixture.npz").draw(20)
    assert drawn.std() == pytest.approx(1, rel=0.05)


def test_codes_that_are_no_numbers_say_so():
    with pytest.raises(UserError, match="diverged"):
        mixture_fitting.fit(np.full((10, 2), np.nan))


@pytest.mark.parametrize("known", [KNOWN, FACTORED], ids=["full", "factored"])
def test_a_mixture_comes_back_as_it_was(tmp_path, known):
    mixture.save(known, tmp_path / "mixture.npz")
    loaded = mixture.load(tmp_path / "mixture.npz")
    assert loaded.arrays().keys() == known.arrays().keys()
    for name, values in loaded.arrays().items():
        np.testing.assert_array_equal(values, getattr(known, name))


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": np.ones(3)},
        {"weights": np.ones(2) / 2},
        {"means": np.full((3, 2), np.nan)},
        {"means": np.full((3, 2), 1e300)},
        {"means": KNOWN.means.astype("datetime64[Y]")},
        {"factors": KNOWN.factors[:, :, :1]},
        {"factors": np.zeros((3, 2)), "residuals": np.ones((3, 2))},
        {"factors": np.array([object()], dtype=object)},
        {"residuals": np.ones(3)},
        {"residuals": np.full((3, 2), np.inf)},
    ],
)
def test_a_damaged_mixture_says_what_to_do(tmp_path, changes):
    path = tmp_path / "mixture.npz"
    np.savez(path, **(KNOWN.arrays() | changes))
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


def test_of_very_many_codes_some_are_fitted(monkeypatch):
    monkeypatch.setattr(mixture_fitting, "MOST", 15)
    z = np.arange(40, dtype=np.float32)[:, None]
    train = Codes(z, z, np.zeros(40, int), FileNames.none(40), np.full_like(z, -99))
    drawn = mixture_fitting.drawn(DatasetCodes({"train": train}), seed=0)
    assert len(drawn) == 15
    assert set(drawn[:, 0]) < set(z[:, 0])


def test_draws_of_a_posterior_that_is_not_normal_are_taken_as_they_are():
    z = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    train = Codes(z, z, np.zeros(20, int), FileNames.none(20))
    draws = Draws(z[:5] + 1, np.arange(5))
    dataset = DatasetCodes({"train": train}, draws=draws)
    np.testing.assert_array_equal(mixture_fitting.drawn(dataset, seed=0), draws.z)
