import numpy as np
import pytest
from onnx import helper
from scipy import stats

from tests.helpers.networks import PIXELS, SHAPE, encoder, write
from vae.data.file_names import FileNames
from vae.data.images import Images, Split, save
from vae.latent import codes, encoding
from vae.latent.encoding import encode
from vae.latent.posteriors import ApproximatePosterior, Gaussian, log_normal

RNG = np.random.default_rng(0)
MEAN, LOG_VAR = RNG.normal(size=(2, 5, 3)).astype(np.float32)
SPLIT = Split(PIXELS, np.arange(5) % 2, FileNames.of("abcde"))


@pytest.fixture
def sampled(tmp_path):
    """Files of a q that is not normal: z = noise + the first pixel, log_q = 7, kl = noise."""
    about = {"latent": {"prior": "flow", "posterior": "gaussian"}}
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("Gather", ["flat", "first"], ["z"], axis=1),
    ]
    first = {"first": np.zeros(6, np.int64)}
    path = write(tmp_path / "encoder.onnx", {"image": SHAPE}, {"z": (6,)}, nodes, first, **about)
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("Gather", ["flat", "first"], ["all"], axis=1),
        helper.make_node("Add", ["all", "noise"], ["z"]),
        helper.make_node("Mul", ["noise", "zero"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros", "axes"], ["sum"], keepdims=0),
        helper.make_node("Add", ["sum", "seven"], ["log_q"]),
        helper.make_node("Identity", ["noise"], ["kl"]),
    ]
    constants = first | {"axes": np.array([1]), "zero": np.float32(0), "seven": np.float32(7)}
    inputs, outputs = {"image": SHAPE, "noise": (6,)}, {"z": (6,), "log_q": (), "kl": (6,)}
    other = write(tmp_path / "posterior.onnx", inputs, outputs, nodes, constants, **about)
    return path, other


def test_draws_of_a_normal_posterior_and_their_density():
    q = Gaussian(PIXELS, MEAN, LOG_VAR)
    noise = RNG.normal(size=(5, 7, 3)).astype(np.float32)
    z, log_q, kl = q.draw(noise)
    normal = stats.norm(MEAN[:, None], np.exp(LOG_VAR / 2)[:, None])
    np.testing.assert_allclose(z, normal.mean() + normal.std() * noise, rtol=1e-5)
    np.testing.assert_allclose(log_q, normal.logpdf(z).sum(axis=2), rtol=1e-4)
    assert kl is None


def test_the_density_of_widened_posteriors_is_that_of_their_mixture():
    q = Gaussian(PIXELS, MEAN, LOG_VAR)
    scale = np.array([1, 3, 3, 10], np.float32)
    z = RNG.normal(size=(4, 3)).astype(np.float32)
    densities = [
        stats.norm(MEAN[:, None], s * np.exp(LOG_VAR / 2)[:, None]).logpdf(z).sum(axis=2)
        for s in scale
    ]
    expected = np.logaddexp.reduce(densities) - np.log(4)
    np.testing.assert_allclose(q.log_q(z, scale), expected, rtol=1e-5)
    noise = (z - MEAN[:, None]) * np.exp(-LOG_VAR / 2)[:, None]
    np.testing.assert_allclose(q.draw(noise, scale).log_q, expected, rtol=1e-4)


def test_a_normal_posterior_is_encoded_once(tmp_path):
    weight = RNG.normal(size=(2, 6, 2))
    encoder(tmp_path / "encoder.onnx", (weight[0], np.ones(2)), (weight[1], np.zeros(2)))
    posterior = ApproximatePosterior(tmp_path / "encoder.onnx", tmp_path / "no posterior.onnx")
    q = posterior(SPLIT)[1:3]
    x = PIXELS[1:3].reshape(2, 6) / 255
    np.testing.assert_allclose(q.z, x @ weight[0] + 1, rtol=1e-5)
    np.testing.assert_allclose(q.z_log_var, x @ weight[1], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(q.labels, SPLIT.labels[1:3])


def test_any_other_posterior_is_drawn_from(sampled):
    q = ApproximatePosterior(*sampled)(SPLIT)[1:]
    noise = RNG.normal(size=(4, 3, 6)).astype(np.float32)
    z, log_q, kl = q.draw(noise)
    first = PIXELS[1:, 0, 0] / np.float32(255)
    np.testing.assert_allclose(z, noise + first[:, None], rtol=1e-6)
    np.testing.assert_array_equal(log_q, np.full((4, 3), 7))
    np.testing.assert_array_equal(kl, noise)


def test_codes_of_such_a_posterior_have_a_draw_of_each_training_image(
    sampled, tmp_path, monkeypatch
):
    monkeypatch.setattr(encoding, "MOST", 3)
    save(Images(SPLIT, SPLIT[:2], validation=SPLIT[:1]), tmp_path / "images.npz")
    files = (tmp_path / "images.npz", *sampled, tmp_path / "codes.npz")
    encode(*files, seed=0, threads=1)
    dataset = codes.load(tmp_path / "codes.npz")
    train = dataset.splits["train"]
    assert {name: len(split) for name, split in dataset.splits.items()} == {
        "train": 5,
        "test": 2,
        "validation": 1,
    }
    assert [*train.files] == [*"abcde"]
    assert train.z_log_var is None
    assert len(dataset.draws.rows) == 3
    rows = dataset.draws.rows
    # Noise is z less the code without it, and here the KL as well.
    np.testing.assert_allclose(dataset.draws.z, train.z[rows] + train.kl[rows], atol=1e-6)


def test_the_density_of_the_prior():
    z = RNG.normal(size=(2, 3, 4))
    np.testing.assert_allclose(log_normal(z), stats.norm.logpdf(z).sum(axis=-1))
