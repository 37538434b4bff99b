"""The networks here are linear, so that every output can be computed by hand."""

import numpy as np
import pytest
from onnx import helper, load, save

from tests.helpers.networks import SHAPE, write
from vae.latent import onnx
from vae.latent.onnx import Decoder, Encoder, Posterior
from vae.services.errors import UserError


@pytest.fixture
def weights():
    return np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)


@pytest.fixture
def encoder(tmp_path, weights):
    """z = pixels W, z_log_var = -z."""
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["z"]),
        helper.make_node("Neg", ["z"], ["z_log_var"]),
    ]
    outputs = {"z": (2,), "z_log_var": (2,)}
    return write(tmp_path / "encoder.onnx", {"image": SHAPE}, outputs, nodes, {"w": weights})


@pytest.fixture
def decoder(tmp_path, weights):
    """logits = z W^T, mean = sigmoid(logits)."""
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["mean"]),
    ]
    constants = {"w": weights.T.copy(), "shape": np.array([-1, *SHAPE])}
    outputs = {"mean": SHAPE, "logits": SHAPE}
    return write(tmp_path / "decoder.onnx", {"z": (2,)}, outputs, nodes, constants)


@pytest.mark.parametrize("n", [0, 1, 7])
@pytest.mark.parametrize("batch", [1, 12, 2**20])
def test_pixels_are_scaled_and_batches_make_no_difference(encoder, weights, monkeypatch, n, batch):
    monkeypatch.setattr(onnx, "BATCH", batch)
    pixels = np.random.default_rng(1).integers(0, 256, (n, *SHAPE), np.uint8)
    network = Encoder(encoder)
    assert network.image_shape == SHAPE
    assert network.latent_dim == 2
    z = network(pixels)
    np.testing.assert_allclose(z, pixels.reshape(n, 6) / 255 @ weights, rtol=1e-5, atol=1e-6)
    outputs = network.outputs(("z", "z_log_var", "u_mean"), pixels)
    assert list(outputs) == ["z", "z_log_var"]
    np.testing.assert_array_equal(outputs["z"], z)
    np.testing.assert_array_equal(outputs["z_log_var"], -z)


def test_pixels_that_are_no_bytes_are_refused(encoder):
    with pytest.raises(ValueError, match="uint8"):
        Encoder(encoder)(np.zeros((1, *SHAPE), np.float32))


def test_images_of_another_shape_are_refused_in_a_sentence(encoder):
    with pytest.raises(UserError, match=r"takes images of 2 × 3 × 1 .* and these are 3 × 2 × 1"):
        Encoder(encoder)(np.zeros((1, 3, 2, 1), np.uint8))


def test_a_decoder_keeps_the_layout_of_its_points(decoder, weights):
    z = np.random.default_rng(2).normal(size=(3, 4, 2)).astype(np.float32)
    network = Decoder(decoder)
    assert network.image_shape == SHAPE
    logits = (z @ weights.T).reshape(3, 4, *SHAPE)
    parameters = network.parameters(z)
    assert set(parameters) == {"mean", "logits"}
    np.testing.assert_allclose(parameters["logits"], logits, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(network(z), 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_points_of_another_size_are_refused(decoder):
    with pytest.raises(ValueError, match=r"expected \[..., 2\]"):
        Decoder(decoder)(np.zeros((1, 3)))


@pytest.fixture
def conditional_decoder(tmp_path, weights):
    """mean = z W^T + a number for the class: 10, 20 or 30."""
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["of_z"]),
        helper.make_node("MatMul", ["class", "v"], ["of_class"]),
        helper.make_node("Add", ["of_z", "of_class"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["mean"]),
    ]
    levels = np.array([[10], [20], [30]], np.float32)
    constants = {"w": weights.T.copy(), "v": levels, "shape": np.array([-1, *SHAPE])}
    inputs = {"z": (2,), "class": (3,)}
    return write(tmp_path / "conditional.onnx", inputs, {"mean": SHAPE}, nodes, constants)


@pytest.mark.parametrize("batch", [6, 2**20])
def test_labels_that_broadcast_to_the_points_choose_the_class(
    conditional_decoder, weights, monkeypatch, batch
):
    monkeypatch.setattr(onnx, "BATCH", batch)
    z = np.random.default_rng(2).normal(size=(3, 4, 2)).astype(np.float32)
    network = Decoder(conditional_decoder)
    assert network.classes == 3
    for labels in (1, np.array([[2], [0], [1]]), np.arange(12).reshape(3, 4) % 3):
        level = 10 * (np.broadcast_to(labels, (3, 4)) + 1)
        expected = (z @ weights.T + level[..., None]).reshape(3, 4, *SHAPE)
        np.testing.assert_allclose(network(z, labels), expected, rtol=1e-5)
        assert set(network.parameters(z, labels)) == {"mean"}


def test_an_encoder_takes_the_class_of_each_image(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, "BATCH", 12)
    nodes = [helper.make_node("MatMul", ["class", "w"], ["z"])]
    nodes.append(helper.make_node("Flatten", ["image"], ["pixels"]))
    path = write(
        tmp_path / "encoder.onnx",
        {"image": SHAPE, "class": (3,)},
        {"z": (1,), "pixels": (6,)},
        nodes,
        {"w": np.arange(3, dtype=np.float32)[:, None]},
    )
    network = Encoder(path)
    labels = np.array([2, 0, 1, 1, 2])
    z = network(np.zeros((5, *SHAPE), np.uint8), labels)
    assert network.classes == 3
    np.testing.assert_array_equal(z[:, 0], labels)


@pytest.mark.parametrize("batch", [6, 2**20])
def test_a_posterior_takes_noise_for_each_image(tmp_path, monkeypatch, batch):
    """z = noise, log_q = the sum of the noise, kl = the pixels."""
    monkeypatch.setattr(onnx, "BATCH", batch)
    nodes = [
        helper.make_node("Identity", ["noise"], ["z"]),
        helper.make_node("ReduceSum", ["noise", "axes"], ["log_q"], keepdims=0),
        helper.make_node("Flatten", ["image"], ["kl"]),
    ]
    path = write(
        tmp_path / "posterior.onnx",
        {"image": SHAPE, "noise": (2,)},
        {"z": (2,), "log_q": (), "kl": (6,)},
        nodes,
        {"axes": np.array([1])},
    )
    network = Posterior(path)
    assert (network.image_shape, network.latent_size, network.groups) == (SHAPE, 2, 6)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, *SHAPE), np.uint8)
    noise = rng.normal(size=(5, 2)).astype(np.float32)
    z, log_q, kl = network(pixels, noise)
    np.testing.assert_array_equal(z, noise)
    np.testing.assert_allclose(log_q, noise.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(kl, pixels.reshape(5, 6) / 255, rtol=1e-6)


@pytest.mark.parametrize(
    ("latent", "gaussian"),
    [
        ({"prior": "normal", "posterior": "gaussian"}, True),
        ({"prior": "flow", "posterior": "gaussian"}, False),
        ({"prior": "normal", "posterior": "levels"}, False),
    ],
)
def test_metadata_say_what_q_and_the_prior_are(tmp_path, latent, gaussian):
    nodes = [helper.make_node("Flatten", ["image"], ["z"])]
    path = tmp_path / "encoder.onnx"
    write(path, {"image": SHAPE}, {"z": (6,)}, nodes, {}, latent=latent, class_names=["é", "b"])
    assert Encoder(path).gaussian == gaussian
    assert Encoder(path).class_names == ["é", "b"]


def test_a_network_of_an_older_version_says_what_to_do(encoder):
    model = load(encoder)
    del model.metadata_props[:]
    save(model, encoder)
    with pytest.raises(UserError, match=r"an older version wrote it.* Delete it"):
        Encoder(encoder)


def test_labels_are_needed_where_there_are_classes_and_else_ignored(decoder, conditional_decoder):
    z = np.ones((2, 2), np.float32)
    with pytest.raises(ValueError, match="needs labels"):
        Decoder(conditional_decoder)(z)
    network = Decoder(decoder)
    assert network.classes == 0
    np.testing.assert_array_equal(network(z, 1), network(z))


@pytest.mark.parametrize("content", [b"", b"no model"])
def test_a_damaged_network_says_what_to_do(tmp_path, content):
    path = tmp_path / "decoder.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"decoder\.onnx is damaged .* Delete it"):
        Decoder(path)


def test_a_foreign_network_says_what_it_lacks(encoder):
    with pytest.raises(UserError, match="no mean among image"):
        Decoder(encoder)


def test_a_network_that_gives_no_numbers_is_refused(decoder, weights):
    with pytest.raises(UserError, match=r"The mean from .*decoder\.onnx contains NaN"):
        Decoder(decoder)(np.full((1, 2), np.nan))
