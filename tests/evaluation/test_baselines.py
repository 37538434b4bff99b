import json
import math

import numpy as np
import pytest
from scipy import stats

from vae.data import images
from vae.data.images import Images, Split
from vae.evaluation import baselines
from vae.services.errors import UserError


def pixels(count, height, width, channels, seed=0):
    """Images whose values are correlated, with some of them at the margins of the range."""
    shape = (count, height, width, channels)
    values = np.random.default_rng(seed).normal(128, 60, shape).cumsum(axis=2) / 2
    return np.clip(values, 0, 255).astype(np.uint8)


def expected(train, test):
    """Bits under a normal distribution of images as a whole, by NumPy and SciPy."""
    both = np.concatenate([train, train[:, :, ::-1]]).reshape(2 * len(train), -1).astype(float)
    covariance = np.cov(both.T, bias=True) + np.eye(both.shape[1]) / 12
    normal = stats.multivariate_normal(both.mean(axis=0), covariance)
    rng = np.random.default_rng(0)
    flat = test.reshape(len(test), -1)
    noisy = [flat + rng.uniform(-0.5, 0.5, flat.shape) for _ in range(2000)]
    return -np.mean([normal.logpdf(x) for x in noisy], axis=0) / math.log(2) / flat.shape[1]


def test_bits_are_those_of_levels_plus_noise_under_the_moments_of_images_and_mirror_images():
    train, test = pixels(600, 2, 3, 3), pixels(5, 2, 3, 3, seed=1)
    bits = baselines.bits_per_dimension(train, test, (2, 3))
    np.testing.assert_allclose(bits, expected(train, test), rtol=1e-3)
    np.testing.assert_allclose(bits[:1], baselines.bits_per_dimension(train, test[:1], (2, 3)))


def test_images_larger_than_a_patch_are_cut_and_what_is_left_over_counts():
    train, test = pixels(400, 5, 4, 1), pixels(3, 5, 4, 1, seed=1)
    bits = baselines.bits_per_dimension(train, test, (3, 2))
    # Patches wherever they lie; those of the last two rows are moved up, and so overlap.
    patches = [train[:, top : top + 3, left : left + 2] for top in (0, 2) for left in (0, 2)]
    patches = np.concatenate(patches)
    whole = sum(
        6 * baselines.bits_per_dimension(patches, test[:, :3, left : left + 2], (3, 2))
        for left in (0, 2)
    )
    rest = sum(4 * expected(patches[:, :2], test[:, 3:, left : left + 2]) for left in (0, 2))
    np.testing.assert_allclose(bits, (whole + rest) / 20, rtol=1e-3)


def test_a_pixel_that_is_always_the_same_takes_few_bits_and_no_infinity():
    train = np.zeros((40, 1, 2, 1), np.uint8)
    (bits,) = baselines.bits_per_dimension(train, train[:1], (1, 2))
    assert bits == pytest.approx(0.5 * math.log2(2 * math.pi * math.e / 12))


@pytest.mark.parametrize(
    ("shape", "count", "patch"),
    [
        ((28, 28, 1), 60_000, (28, 28)),
        ((32, 32, 3), 50_000, (32, 32)),
        ((32, 32, 3), 6_000, (16, 16)),
        ((92, 92, 3), 6_942, (31, 31)),
        ((64, 96, 3), 6_942, (22, 32)),
        ((32, 32, 3), 1, (2, 2)),
        ((1, 1, 1), 1, (1, 1)),
    ],
)
def test_patches_are_as_large_as_memory_and_the_number_of_images_allow(shape, count, patch):
    assert baselines.patch_size(shape, count) == patch


def saved(tmp_path, train, test):
    splits = (Split(p, np.zeros(len(p), int)) for p in (train, test))
    images.save(Images(*splits), tmp_path / "images.npz")
    paths = tmp_path / "images.npz", tmp_path / "baselines.json"
    baselines.evaluate(*paths, "tiny")
    return json.loads(paths[1].read_text())


def test_the_file_says_what_the_gaussian_is_one_of(tmp_path):
    train, test = pixels(200, 4, 4, 1), pixels(7, 4, 4, 1, seed=1)
    content = saved(tmp_path, train, test)
    assert (content["patch"], content["notes"]) == ([4, 4, 1], [])
    metric = content["metrics"]["gaussian_bits_per_dimension"]
    bits = baselines.bits_per_dimension(train, test, (4, 4))
    assert metric["value"] == pytest.approx(bits.mean())
    assert metric["standard_error"] == pytest.approx(stats.sem(bits))
    assert (metric["unit"], metric["images"]) == ("bits a pixel and channel", 7)
    few = saved(tmp_path, train[:10], test)
    assert few["patch"] == [2, 2, 1]
    assert "patches of 2x2 pixels" in few["notes"][0]


def test_the_file_counts_test_images_that_are_in_the_training_set(tmp_path):
    train, test = pixels(50, 4, 4, 1), pixels(7, 4, 4, 1, seed=1)
    content = saved(tmp_path, train, test)
    assert (content["metrics"]["near_duplicates"]["value"], content["warnings"]) == (0, {})
    test[:2] = train[3]
    content = saved(tmp_path, train, test)
    assert content["metrics"]["near_duplicates"] == {"value": 2, "unit": "images", "images": 7}
    assert content["warnings"]["near duplicates"]["count"] == 2


def test_without_test_images_there_is_nothing_to_evaluate(tmp_path):
    with pytest.raises(UserError, match="no test images"):
        saved(tmp_path, pixels(9, 4, 4, 1), pixels(0, 4, 4, 1))
