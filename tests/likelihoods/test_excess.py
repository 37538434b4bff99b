"""By how much -log p of a pixel exceeds the lowest that it could be."""

import keras
import numpy as np
import pytest

from vae import likelihoods
from vae.plan.run_settings import LIKELIHOODS

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(1, 255, (4, 2, 3, 3))
X = np.float32(PIXELS / 255)


def normal(*shape):
    return RNG.normal(size=(4, *shape)).astype(np.float32)


def mixture(components):
    """Parameters of `logistic_mixture` for X."""
    parameters = {
        "mean": X,
        "centre": normal(2, 3, 3 * components),
        "log_scale": normal(2, 3, 3 * components) - 2,
        "slopes": np.tanh(normal(2, 3, 3 * components)),
    }
    if components > 1:
        weight = normal(2, 3, components)
        parameters["log_weight"] = weight - np.logaddexp.reduce(weight, axis=-1, keepdims=True)
    return parameters


def centred(parameters):
    """The same with the centre of every component on the value of X."""
    values = 2 * X - 1
    slopes = np.split(parameters["slopes"], 3, axis=-1)
    red, green, blue = np.split(values, 3, axis=-1)
    shifts = (0 * slopes[0], slopes[0] * red, slopes[1] * red + slopes[2] * green)
    centres = [value - shift for value, shift in zip((red, green, blue), shifts, strict=True)]
    return parameters | {"centre": np.concatenate(centres, axis=-1)}


def of(name):
    """Parameters of a likelihood for X, and those under which X is most likely."""
    if name.startswith("logistic_mixture"):
        parameters = mixture(int(name[-1]))
        return parameters, centred(parameters)
    logits = normal(2, 3, 3)
    parameters = {"logits": logits, "mean": 1 / (1 + np.exp(-logits)), "log_var": normal(1) - 4}
    parameters |= {"log_scale": normal(3) - 2, "slopes": normal(3)}
    return parameters, parameters | {"mean": X, "logits": np.log(X / (1 - X))}


NAMES = [n for n in LIKELIHOODS if n != "logistic_mixture"]
NAMES += ["logistic_mixture_1", "logistic_mixture_3"]


@pytest.mark.parametrize("name", NAMES)
def test_it_adds_up_to_what_the_best_parameters_would_gain(name):
    likelihood = likelihoods.get(name.rstrip("_13"))
    parameters, best = of(name)
    excess = likelihood.excess(X, parameters, np)
    assert excess.shape == (4, 2, 3)
    assert (excess >= -1e-6).all()
    gain = likelihood.log_prob(X, best) - likelihood.log_prob(X, parameters)
    np.testing.assert_allclose(excess.sum(axis=(1, 2)), gain, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(likelihood.excess(X, best, np), 0, atol=1e-6)
    in_keras = keras.ops.convert_to_numpy(likelihood.excess(X, parameters, keras.ops))
    np.testing.assert_allclose(in_keras, excess, rtol=1e-5, atol=1e-6)


def test_black_and_white_pixels_of_bernoulli_have_no_entropy():
    bernoulli = likelihoods.get("bernoulli")
    x = np.float32([0, 1, 0, 1]).reshape(4, 1, 1, 1)
    logits = np.float32([-2, 2, 1e4, -1e4]).reshape(4, 1, 1, 1)
    excess = bernoulli.excess(x, {"logits": logits}, np).ravel()
    np.testing.assert_allclose(excess, [*[np.log1p(np.exp(-2))] * 2, 1e4, 1e4], rtol=1e-6)


@pytest.mark.parametrize("components", [1, 2])
def test_an_outermost_level_could_have_a_mass_of_1(components):
    mixtures = likelihoods.get("logistic_mixture")
    parameters = {
        "centre": np.zeros((2, 1, 1, components), np.float32),
        "log_scale": np.full((2, 1, 1, components), -1.0, np.float32),
    }
    if components > 1:
        parameters["log_weight"] = np.log(np.full((2, 1, 1, 2), 0.5, np.float32))
    x = np.float32([0, 1]).reshape(2, 1, 1, 1)
    excess = mixtures.excess(x, parameters, np).ravel()
    mass = 1 / (1 + np.exp((1 - 1 / 255) * np.e))
    np.testing.assert_allclose(excess, -np.log(mass), rtol=1e-5)
    beyond = parameters | {"centre": np.float32([-9, 9]).reshape(2, 1, 1, 1).repeat(components, -1)}
    np.testing.assert_allclose(mixtures.excess(x, beyond, np), 0, atol=1e-6)
