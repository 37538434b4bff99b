"""Measures of samples, against other formulas for the same numbers and against known cases."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from vae.evaluation import sample_quality as quality

MEASURES = [
    quality.frechet_distance,
    quality.kernel_distance,
    quality.precision_recall,
    quality.density_coverage,
]


@pytest.fixture(autouse=True, params=[2**22, 70], ids=["at once", "in parts"])
def _parts(request, monkeypatch):
    monkeypatch.setattr(quality, "PAIRS", request.param)


def normal(n, mean, covariance, seed=0):
    """n draws whose own mean and covariance are exactly these."""
    x = np.random.default_rng(seed).standard_normal((n, len(mean)))
    x -= x.mean(axis=0)
    own = np.atleast_2d(np.cov(x, rowvar=False))
    whitened = x @ np.linalg.inv(np.linalg.cholesky(own)).T
    return whitened @ np.linalg.cholesky(covariance).T + mean


def random_covariance(size, seed):
    root = np.random.default_rng(seed).normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size)


def features(n, size=6, seed=0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (n, size)).astype(np.float32)


@pytest.mark.parametrize("size", [2, 8])
def test_frechet_distance_is_the_closed_form_for_known_moments(size):
    a, b = random_covariance(size, 1), random_covariance(size, 2)
    m, n = np.arange(size), np.linspace(-1, 1, size)
    expected = np.square(m - n).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    x, y = normal(50, m, a), normal(80, n, b, seed=1)
    assert quality.frechet_distance(x, y) == pytest.approx(expected)
    assert quality.frechet_distance(y, x) == pytest.approx(expected)


def test_frechet_distance_of_one_feature_is_that_of_means_and_deviations():
    x, y = normal(30, [1.0], np.array([[4.0]])), normal(30, [4.0], np.array([[25.0]]))
    assert quality.frechet_distance(x, y) == pytest.approx(3**2 + (5 - 2) ** 2)


def test_frechet_distance_bears_singular_covariances():
    x = features(4, size=20)  # of rank 3
    assert quality.frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert quality.frechet_distance(x, x + 1) == pytest.approx(20, rel=1e-5)
    constant = np.zeros((5, 20))
    assert quality.frechet_distance(constant, constant) == 0
    spread = np.cov(x, rowvar=False).trace() + np.square(x.mean(0)).sum()
    assert quality.frechet_distance(constant, x) == pytest.approx(spread)


def test_kernel_distance_is_the_sum_over_all_pairs():
    n = 11
    x, y = features(n), features(n, seed=1, shift=0.5)

    def kernel(a, b):
        return (float(a @ b) / 6 + 1) ** 3

    total = sum(
        kernel(x[i], x[j]) + kernel(y[i], y[j]) - 2 * kernel(x[i], y[j])
        for i in range(n)
        for j in range(n)
        if i != j
    )
    expected = pytest.approx(total / (n * (n - 1)), rel=1e-5)
    assert quality.kernel_distance(x, y)[0] == expected


@pytest.mark.parametrize("shift", [0, 0.7])
def test_kernel_distance_is_zero_on_average_for_one_distribution_and_knows_its_error(shift):
    values, errors = np.transpose(
        [
            quality.kernel_distance(features(40, seed=2 * i), features(40, 6, 2 * i + 1, shift))
            for i in range(300)
        ]
    )
    far = values.mean() / (values.std() / np.sqrt(len(values)))
    assert far > 30 if shift else abs(far) < 3
    assert 0.8 < np.sqrt(np.square(errors).mean()) / values.std() < 1.3
    assert quality.kernel_distance(features(9), features(9)) == (0, 0)


def test_kernel_distance_needs_as_many_images_on_both_sides():
    with pytest.raises(ValueError, match="as many"):
        quality.kernel_distance(features(20), features(21))


def test_precision_recall_and_density_coverage_are_counts_of_balls():
    x, y = features(40), features(25, seed=1, shift=0.4)

    def inside(centres, points, k):
        """[points, centres] by another search for neighbours: the first is the point itself."""
        radii = NearestNeighbors(n_neighbors=k + 1).fit(centres).kneighbors(centres)[0][:, -1]
        return cdist(points, centres) <= radii + 1e-9

    precision, recall = quality.precision_recall(x, y)
    assert precision == inside(x, y, 3).any(axis=1).mean()
    assert recall == inside(y, x, 3).any(axis=1).mean()
    density, coverage = quality.density_coverage(x, y)
    assert density == pytest.approx(inside(x, y, 5).sum() / (5 * 25))
    assert coverage == inside(x, y, 5).any(axis=0).mean()
    assert 0 < precision < 1
    assert 0 < coverage < 1


@pytest.mark.parametrize("x", [features(20), np.ones((20, 3))], ids=["spread", "constant"])
def test_identical_sets_are_among_each_other_and_distant_ones_are_not(x):
    assert quality.precision_recall(x, x) == (1, 1)
    assert quality.density_coverage(x, x)[1] == 1
    assert quality.precision_recall(x, x + 100) == (0, 0)
    assert quality.density_coverage(x, x + 100) == (0, 0)


def test_density_of_one_distribution_is_one():
    values = [
        quality.density_coverage(features(50, 3, i), features(50, 3, 1000 + i))[0]
        for i in range(100)
    ]
    assert np.mean(values) == pytest.approx(1, abs=0.05)


def test_a_class_is_covered_from_a_tenth_as_many_images_on():
    real = np.repeat([0, 1, 3], [100, 100, 10])
    generated = np.repeat([0, 1, 2, 3], [10, 9, 190, 1])
    assert quality.classes_covered(real, generated) == pytest.approx(2 / 3)
    assert quality.classes_covered(real, np.tile(generated, 3)) == pytest.approx(2 / 3)
    assert quality.classes_covered(real, real) == 1
    assert quality.classes_covered(real, np.full(210, 7)) == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_a_feature_that_is_no_number_is_refused(measure):
    x = features(20)
    x[3, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        measure(features(20), x)


@pytest.mark.parametrize(("measure", "fewest"), [*zip(MEASURES, [2, 3, 4, 6], strict=True)])
def test_too_few_images_are_refused(measure, fewest):
    measure(features(fewest), features(fewest, seed=1))
    with pytest.raises(ValueError, match=f"{fewest} are the fewest"):
        measure(features(fewest - 1), features(fewest - 1))
