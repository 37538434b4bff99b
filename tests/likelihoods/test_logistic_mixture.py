import math

import keras
import numpy as np
import pytest
from scipy import stats

from tests.helpers.config import run_settings
from vae.likelihoods import logistic_mixture

LEVELS = np.arange(256, dtype=np.float32) / np.float32(255)


def drawn(shape, components, seed=0):
    """Parameters [..., H, W, C] as a decoder gives them; `mean` is not what it should be."""
    rng = np.random.default_rng(seed)
    *pixels, image_channels = shape
    sizes = {"mean": image_channels, "centre": image_channels * components}
    sizes |= {"log_scale": image_channels * components}
    sizes |= {"slopes": 3 * components} if image_channels == 3 else {}
    values = {name: rng.normal(size=(*pixels, size)) / 2 for name, size in sizes.items()}
    values["log_scale"] = values["log_scale"] - 1
    if components > 1:
        log_weight = rng.normal(size=(*pixels, components))
        values["log_weight"] = log_weight - np.log(np.exp(log_weight).sum(-1, keepdims=True))
    return {name: value.astype(np.float32) for name, value in values.items()}


def expected(pixel, at):
    """The probability of one pixel of levels in [0, 1], by SciPy, in float64."""
    value, count = 2 * pixel.astype(float) - 1, len(pixel)
    at = {name: array.reshape(-1).astype(float) for name, array in at.items()}
    components = len(at["centre"]) // count
    log_weight = at.get("log_weight", np.zeros(1))
    total = 0
    for k in range(components):
        mass = np.exp(log_weight[k])
        for c in range(count):
            centre = at["centre"][c * components + k]
            if c > 0:
                centre += at["slopes"][(c - 1) * components + k] * value[0]
            if c > 1:
                centre += at["slopes"][2 * components + k] * value[1]
            logistic = stats.logistic(centre, np.exp(at["log_scale"][c * components + k]))
            low = 0 if pixel[c] == 0 else logistic.cdf(value[c] - 1 / 255)
            high = 1 if pixel[c] == 1 else logistic.cdf(value[c] + 1 / 255)
            mass *= high - low
        total += mass
    return total


@pytest.mark.parametrize("image_channels", [1, 3])
@pytest.mark.parametrize("components", [1, 3])
def test_the_mass_is_that_of_the_paper_in_both_halves(image_channels, components):
    rng = np.random.default_rng(1)
    x = LEVELS[rng.integers(0, 256, (4, 2, 3, image_channels))]
    x[0], x[1] = 0, 1
    parameters = drawn(x.shape, components)
    masses = [
        [
            [expected(pixel, {n: v[i, j] for n, v in at.items()}) for j, pixel in enumerate(row)]
            for i, row in enumerate(image)
        ]
        for image, at in zip(
            x, ({n: v[k] for n, v in parameters.items()} for k in range(4)), strict=True
        )
    ]
    log_p = np.log(masses).sum(axis=(1, 2))
    np.testing.assert_allclose(logistic_mixture.log_prob(x, parameters), log_p, rtol=1e-4)
    pairs = logistic_mixture.log_likelihood(x.reshape(4, -1), parameters)
    assert pairs.shape == (4, 4)
    np.testing.assert_allclose(np.diag(pairs), log_p, rtol=1e-4)
    # Images with draws of their own, as in an ELBO.
    own = {name: value[:, None] for name, value in parameters.items()}
    of_own = logistic_mixture.log_likelihood(x.reshape(4, 1, -1), own)
    np.testing.assert_array_equal(of_own[:, 0, 0], np.diag(pairs))


@pytest.mark.parametrize("components", [1, 3])
def test_levels_of_green_and_blue_have_the_mass_of_their_level_of_red(components):
    parameters = drawn((1, 1, 1, 3), components)
    red = {name: value[..., :components] for name, value in parameters.items() if name != "slopes"}
    red["mean"] = red["mean"][..., :1]
    for level in (0, 102, 255):
        triples = np.stack(np.meshgrid(LEVELS[level], LEVELS, LEVELS), axis=-1).reshape(-1, 3)
        mass = np.exp(logistic_mixture.log_mass(triples, parameters)).sum()
        of_red = np.exp(logistic_mixture.log_mass(LEVELS[level].reshape(1, 1), red))
        np.testing.assert_allclose(mass, of_red[0, 0], rtol=1e-4)


def built(image_channels, components):
    """A decoder of 3 x 2 images from z [B, 2], and the likelihood's parameters of it."""
    run = run_settings(likelihood="logistic_mixture", components=components)
    shape = (3, 2, logistic_mixture.channels(image_channels, run))
    z = keras.Input((2,), name="z")
    features = keras.layers.Reshape(shape)(keras.layers.Dense(math.prod(shape))(z))
    decoder = keras.Model(z, features)
    return keras.Model(z, logistic_mixture.parameters(decoder, image_channels))


@pytest.mark.parametrize(("image_channels", "components"), [(1, 1), (1, 3), (3, 1), (3, 3)])
def test_the_mean_is_that_of_many_draws(image_channels, components):
    decoder = built(image_channels, components)
    narrow = decoder.get_layer("unbounded_log_scale")
    narrow.set_weights([0 * narrow.kernel.numpy(), np.full_like(narrow.bias, -2)])  # scale 0.14
    centre = decoder.get_layer("centre")
    centre.set_weights([0.3 * centre.kernel.numpy(), centre.bias.numpy()])
    z = np.random.default_rng(0).normal(size=(1, 2)).astype(np.float32)
    parameters = {name: np.asarray(value) for name, value in decoder(z).items()}
    assert parameters["mean"].shape == (1, 3, 2, image_channels)
    many = {name: np.repeat(value, 4000, axis=0) for name, value in parameters.items()}
    pixels = logistic_mixture.sample(many, np.random.default_rng(0))
    assert (pixels.dtype, pixels.shape) == (np.uint8, many["mean"].shape)
    np.testing.assert_allclose(pixels.mean(axis=0) / 255, parameters["mean"][0], atol=0.02)


def test_pixels_are_drawn_from_the_masses():
    parameters = drawn((1, 1, 1, 3), 2)
    many = {name: np.repeat(value, 200_000, axis=0) for name, value in parameters.items()}
    pixels = logistic_mixture.sample(many, np.random.default_rng(0)).reshape(-1, 3)
    # How often R, G and B are each dark or bright, against the sum of the masses of every fourth
    # level of each, which is a 64th of the triples.
    coarse = np.arange(2, 256, 4)
    triples = np.stack(np.meshgrid(coarse, coarse, coarse, indexing="ij"), axis=-1).reshape(-1, 3)
    x = triples.astype(np.float32) / np.float32(255)
    inner = ((triples > 4) & (triples < 251)).all(axis=1)
    mass = 64 * np.exp(logistic_mixture.log_mass(x[inner], parameters))[:, 0]
    for corner in np.ndindex(2, 2, 2):
        share = mass[((triples[inner] >= 128) == corner).all(axis=1)].sum()
        inside = ((pixels > 6) & (pixels < 249)).all(axis=1)
        drawn_share = (inside & ((pixels >= 128) == corner).all(axis=1)).mean()
        assert drawn_share == pytest.approx(share, abs=0.02)
