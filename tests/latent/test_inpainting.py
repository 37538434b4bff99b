"""Completions of images, held against a linear Gaussian model, which has them in closed form."""

import numpy as np
import pytest
from onnx import helper

from tests.helpers.networks import BIAS, SHAPE, WEIGHT, encoder, gaussian_decoder, write
from vae import likelihoods
from vae.latent import inpainting
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior

SIGMA = 0.05
HIDDEN = np.array([[False, True, True], [False, False, True]])
PIXELS = np.array([[120, 0, 0], [90, 160, 0]], np.uint8)[..., None]


def exact():
    """Mean and covariance of the hidden pixels given the visible ones."""
    covariance = WEIGHT.T @ WEIGHT + SIGMA**2 * np.eye(6)
    hidden, visible = HIDDEN.ravel(), ~HIDDEN.ravel()
    slope = np.linalg.solve(covariance[np.ix_(visible, visible)], covariance[visible][:, hidden])
    mean = BIAS[hidden] + (PIXELS.ravel()[visible] / 255 - BIAS[visible]) @ slope
    rest = covariance[np.ix_(hidden, hidden)] - slope.T @ covariance[visible][:, hidden]
    return mean, rest - SIGMA**2 * np.eye(hidden.sum())  # of the decoder's means, without noise


@pytest.fixture
def networks(tmp_path):
    """The decoder, and an encoder that is exact but for its variance, too small by a half."""
    posterior = np.linalg.inv(WEIGHT @ WEIGHT.T + SIGMA**2 * np.eye(2))
    slope = WEIGHT.T @ posterior
    variance = SIGMA**2 * np.diag(posterior) / 2
    log_var = (np.zeros((6, 2)), np.log(variance))
    encoder(tmp_path / "encoder.onnx", (slope, -BIAS @ slope), log_var)
    decoder = gaussian_decoder(tmp_path / "decoder.onnx", WEIGHT, SIGMA, likelihood="gaussian")
    return ApproximatePosterior(tmp_path / "encoder.onnx", tmp_path / "none.onnx"), decoder


def test_completions_have_the_mean_and_the_spread_of_hidden_given_visible_pixels(networks):
    mean, covariance = exact()
    found = [
        inpainting.complete(PIXELS, HIDDEN, *networks, samples=50, seed=seed) for seed in range(20)
    ]
    means = np.stack([completion.mean[HIDDEN, 0] for completion in found])
    spread = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(means.mean(axis=0), mean, atol=0.15 * spread.max())
    samples = np.concatenate([completion.samples for completion in found])[:, HIDDEN, 0]
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.3 * covariance.max())


def test_visible_pixels_stay_and_a_seed_gives_the_same_again(networks):
    found, again, other = (
        inpainting.complete(PIXELS, HIDDEN, *networks, samples=3, seed=seed) for seed in (0, 0, 1)
    )
    assert found.samples.shape == (3, *SHAPE)
    for image in (found.mean, *found.samples):
        np.testing.assert_array_equal(image[~HIDDEN], PIXELS[~HIDDEN] / np.float32(255))
    np.testing.assert_array_equal(found.samples, again.samples)
    assert (found.mean != other.mean).any()


def test_whatever_is_hidden_what_hidden_pixels_were_makes_no_difference(networks):
    others = np.where(HIDDEN[..., None], 255, PIXELS).astype(np.uint8)
    means = [inpainting.complete(p, HIDDEN, *networks).mean for p in (PIXELS, others)]
    np.testing.assert_array_equal(*means)


def test_a_posterior_that_is_known_by_its_draws_alone_will_do(tmp_path, networks, monkeypatch):
    """z = noise, so that all codes come from the prior: importance sampling as it is."""
    flow = {"latent": {"prior": "flow", "posterior": "gaussian"}}
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "nothing"], ["zero"]),
        helper.make_node("Add", ["noise", "zero"], ["z"]),
        helper.make_node("Mul", ["z", "z"], ["kl"]),
        helper.make_node("Mul", ["kl", "minus_half"], ["halves"]),
        helper.make_node("ReduceSum", ["halves", "axis"], ["sum"], keepdims=0),
        helper.make_node("Sub", ["sum", "area"], ["log_q"]),
    ]
    constants = {
        "nothing": np.zeros((6, 2), np.float32),
        "minus_half": np.float32(-0.5),
        "axis": np.array([1]),
        "area": np.float32(np.log(2 * np.pi)),
    }
    path = tmp_path / "posterior.onnx"
    outputs = {"z": (2,), "log_q": (), "kl": (2,)}
    write(path, {"image": SHAPE, "noise": (2,)}, outputs, nodes, constants, **flow)
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "nothing"], ["z"]),
    ]
    write(tmp_path / "flow.onnx", {"image": SHAPE}, {"z": (2,)}, nodes, constants, **flow)
    posterior = ApproximatePosterior(tmp_path / "flow.onnx", path)
    assert not posterior.gaussian
    monkeypatch.setattr(inpainting, "DRAWS", 1000)
    monkeypatch.setattr(inpainting, "ROUNDS", 1)
    found = inpainting.complete(PIXELS, HIDDEN, posterior, Decoder(tmp_path / "decoder.onnx"))
    mean, covariance = exact()
    spread = np.sqrt(np.diag(covariance).max())
    np.testing.assert_allclose(found.mean[HIDDEN, 0], mean, atol=0.15 * spread)


def random_parameters(likelihood, rng):
    """Parameters of 5 points for images of 3 x 4, in colour if the likelihood is for those."""
    channels = 3 if likelihood == "gaussian_rgb" else 1
    shapes = {
        "bernoulli": {"logits": (3, 4, 1)},
        "gaussian": {"log_var": (1,)},
        "gaussian_rgb": {"log_scale": (3,), "slopes": (3,)},
        "logistic_mixture": dict.fromkeys(("centre", "log_scale", "log_weight"), (3, 4, 2)),
    }[likelihood]
    shapes |= {"mean": (3, 4, channels)}
    return {name: rng.normal(size=(5, *shape)) / 4 for name, shape in shapes.items()}, channels


@pytest.mark.parametrize(
    "likelihood", ["bernoulli", "gaussian", "gaussian_rgb", "logistic_mixture"]
)
def test_the_likelihoods_of_two_parts_of_an_image_add_up_to_that_of_all(likelihood):
    rng = np.random.default_rng(0)
    parameters, channels = random_parameters(likelihood, rng)
    x, some = rng.random((3, 4, channels)), rng.random((3, 4)) < 0.4
    log_likelihood = likelihoods.get(likelihood).log_likelihood
    whole, *parts = (
        log_likelihood(
            x[part].reshape(1, -1),
            {name: inpainting._shown(values, part) for name, values in parameters.items()},
        )
        for part in (np.ones((3, 4), bool), some, ~some)
    )
    np.testing.assert_allclose(whole, log_likelihood(x.reshape(1, -1), parameters))
    np.testing.assert_allclose(sum(parts), whole)
