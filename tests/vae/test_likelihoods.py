import numpy as np
import pytest
from scipy import stats

from scripts.vae import likelihoods


def test_bernoulli_is_the_log_probability_of_coins_summed_over_pixels_and_channels():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (5, 3, 4, 3)).astype("float32")
    logits = rng.normal(size=x.shape).astype("float32")
    expected = stats.bernoulli.logpmf(x, 1 / (1 + np.exp(-logits))).sum((1, 2, 3))
    log_prob = likelihoods.get("bernoulli").log_prob(x, {"logits": logits})
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5)


@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_bernoulli_stays_finite_at_extreme_logits(logit):
    x = np.full((1, 1, 1, 1), float(logit > 0), "float32")
    logits = np.full_like(x, logit)
    np.testing.assert_allclose(likelihoods.get("bernoulli").log_prob(x, {"logits": logits}), [0])
    wrong = likelihoods.get("bernoulli").log_prob(1 - x, {"logits": logits})
    np.testing.assert_allclose(wrong, [-1e4])
