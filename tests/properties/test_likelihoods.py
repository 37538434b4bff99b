"""Masses of 8-bit values add up to 1, and losses have finite gradients, at any parameters."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st

from tests.properties import cases
from vae.likelihoods import gaussian, gaussian_rgb, logistic_mixture

LEVELS = np.arange(256, dtype=np.float32) / np.float32(255)
# In [-1, 1] and far beyond; within the bounds that the decoder sets.
positions = st.floats(-10, 10, width=32)
log_scales = st.floats(-7, 7, width=32)
slopes = st.floats(-1, 1, width=32)


def array(values):
    return np.float32(values).reshape(1, 1, 1, -1)


@st.composite
def mixtures(draw, image_channels, components):
    """Parameters of one pixel of `logistic_mixture`, as its decoder bounds them."""
    many = image_channels * components
    parameters = {
        "mean": array([0.5] * image_channels),
        "centre": array(draw(st.lists(positions, min_size=many, max_size=many))),
        "log_scale": array(draw(st.lists(log_scales, min_size=many, max_size=many))),
    }
    if image_channels == 3:
        size = 3 * components
        parameters["slopes"] = array(draw(st.lists(slopes, min_size=size, max_size=size)))
    if components > 1:
        weight = draw(st.lists(st.floats(-30, 30), min_size=components, max_size=components))
        parameters["log_weight"] = array(weight - np.logaddexp.reduce(weight))
    return parameters


@pytest.mark.parametrize("components", [1, 3])
def test_masses_of_gray_levels_add_up_to_1(components):
    @cases(mixtures(1, components))
    def masses(parameters):
        log_mass = logistic_mixture.log_mass(LEVELS[:, None], parameters)
        assert np.isfinite(log_mass).all()
        np.testing.assert_allclose(np.exp(log_mass).sum(), 1, rtol=1e-3)
        pixels = LEVELS.reshape(256, 1, 1, 1)
        every = {name: np.repeat(value, 256, axis=0) for name, value in parameters.items()}
        in_keras = logistic_mixture.log_prob(pixels, every)
        assert np.isfinite(in_keras).all()
        np.testing.assert_allclose(np.exp(in_keras).sum(), 1, rtol=1e-3)

    masses()


@cases(mixtures(3, 2), st.tuples(*[st.integers(0, 255)] * 2))
def test_masses_of_blue_given_red_and_green_add_up_to_those_of_these(parameters, red_green):
    """Whatever blue depends on: those of a blue that depends on nothing add up to the same."""
    two = [np.float32(level) / np.float32(255) for level in red_green]
    triples = np.stack([np.full_like(LEVELS, two[0]), np.full_like(LEVELS, two[1]), LEVELS], axis=1)
    log_mass = logistic_mixture.log_mass(triples, parameters)
    assert np.isfinite(log_mass).all()
    # Blue that does not depend on the others, at the centre of the range.
    other = {name: value.copy() for name, value in parameters.items()}
    other["slopes"][..., 2:] = 0
    other["centre"][..., 4:], other["log_scale"][..., 4:] = 0, 0
    of_other = logistic_mixture.log_mass(triples, other)
    sums = np.logaddexp.reduce(log_mass), np.logaddexp.reduce(of_other)
    np.testing.assert_allclose(*sums, atol=2e-3)


@cases(
    st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3),
    st.lists(st.floats(-9, 3, width=32), min_size=3, max_size=3),
    st.lists(st.floats(-5, 5, width=32), min_size=3, max_size=3),
    st.integers(0, 255),
)
def test_masses_of_a_normal_distribution_of_colour_add_up(mean, log_scale, slopes, red):
    """Over blue, to the mass of red and green, whatever blue depends on."""
    parameters = {"mean": array(mean), "log_scale": np.float32([log_scale])}
    parameters["slopes"] = np.float32([slopes])
    constant = [np.full_like(LEVELS, LEVELS[level]) for level in (red, 100)]
    triples = np.stack([*constant, LEVELS], axis=1)
    log_mass = gaussian_rgb.log_mass(triples, parameters)
    assert np.isfinite(log_mass).all()
    other = parameters | {"log_scale": np.float32([[*log_scale[:2], 0]])}
    other["slopes"] = np.float32([[slopes[0], 0, 0]])
    sums = [np.logaddexp.reduce(m) for m in (log_mass, gaussian_rgb.log_mass(triples, other))]
    np.testing.assert_allclose(*sums, rtol=1e-6, atol=1e-6)


def gradients(likelihood, x, parameters):
    """The loss, and its gradients by each parameter."""
    tensors = {name: tf.constant(value) for name, value in parameters.items()}
    with tf.GradientTape() as tape:
        for tensor in tensors.values():
            tape.watch(tensor)
        loss = likelihood.log_prob(tf.constant(x), tensors)
    found = tape.gradient(loss, tensors, unconnected_gradients="zero")
    return [keras.ops.convert_to_numpy(value) for value in (loss, *found.values())]


@cases(mixtures(3, 2), st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_gradients_of_the_mixture_are_finite(parameters, levels):
    for value in gradients(logistic_mixture, array(LEVELS[levels]), parameters):
        assert np.isfinite(value).all()


@cases(
    st.lists(st.floats(0, 1, width=32), min_size=6, max_size=6),
    st.lists(st.floats(-15, 15, width=32), min_size=6, max_size=6),
)
def test_gradients_of_the_normal_distributions_are_finite(values, learned):
    x, mean = array(values[:3]), array(values[3:])
    own = {"log_scale": np.float32([learned[:3]]), "slopes": np.float32([learned[3:]])}
    shared = {"log_var": np.float32([learned[:1]])}
    for likelihood, parameters in ((gaussian_rgb, own), (gaussian, shared)):
        for value in gradients(likelihood, x, {"mean": mean} | parameters):
            assert np.isfinite(value).all()
