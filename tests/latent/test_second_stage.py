"""Codes drawn by a second stage, with a velocity that can be computed by hand."""

import numpy as np
import pytest
from onnx import helper

from tests.helpers.networks import write
from vae.latent import second_stage
from vae.latent.onnx import Velocity
from vae.services.errors import UserError

OF_CLASS = np.float32([[1, 0], [0, -2]])


def network(path, classes=True):
    """v = 0.5 code + 3 time, and with classes what OF_CLASS adds."""
    inputs = {"code": (2,), "time": (1,)} | ({"class": (2,)} if classes else {})
    nodes = [
        helper.make_node("Mul", ["code", "half"], ["halved"]),
        helper.make_node("Mul", ["time", "three"], ["later"]),
        helper.make_node("Add", ["halved", "later"], ["of_any" if classes else "velocity"]),
    ]
    if classes:
        nodes += [
            helper.make_node("MatMul", ["class", "of_class"], ["added"]),
            helper.make_node("Add", ["of_any", "added"], ["velocity"]),
        ]
    constants = {"half": np.float32(0.5), "three": np.float32(3), "of_class": OF_CLASS}
    names = ["cat", "dog"] if classes else []
    write(path, inputs, {"velocity": (2,)}, nodes, constants, class_names=names)
    return Velocity(path)


def noise(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 2), np.float32)


def test_codes_follow_the_velocity_in_equal_steps(tmp_path):
    velocity = network(tmp_path / "v.onnx", classes=False)
    first = 0.5 * noise(3)
    expected = noise(3) + first / 2
    expected += (1.5 * (0.5 * expected + 3 / 2) - 0.5 * first) / 2
    z = second_stage.draw(velocity, 3, None, 2.0, steps=2)
    np.testing.assert_allclose(z, expected, rtol=1e-5)
    assert z.dtype == np.float32
    # Where the velocity leads: z' = z / 2 + 3 t.
    end = np.exp(0.5) * (noise(3) + 12) - 6 - 12
    z = second_stage.draw(velocity, 3, None, 2.0, steps=50)
    np.testing.assert_allclose(z, end, atol=5e-3)


@pytest.mark.parametrize("guidance", [0.0, 0.5, 1.0, 3.0])
def test_guidance_is_how_far_they_follow_their_class(tmp_path, guidance):
    labels = np.array([0, 1, 1])
    velocity = network(tmp_path / "v.onnx")
    z = second_stage.draw(velocity, 3, labels, guidance, steps=1)
    np.testing.assert_allclose(z, 1.5 * noise(3) + guidance * OF_CLASS[labels], rtol=1e-5)
    of_any = second_stage.draw(velocity, 3, None, guidance, steps=1)
    np.testing.assert_allclose(of_any, 1.5 * noise(3), rtol=1e-5)


def test_draws_depend_on_the_seed_and_not_on_how_many_go_together(tmp_path, monkeypatch):
    velocity, labels = network(tmp_path / "v.onnx"), np.array([0, 1, 0, 1, 1])
    z = second_stage.draw(velocity, 5, labels, 2.0, steps=4, seed=3)
    monkeypatch.setattr(second_stage, "TOGETHER", 2)
    again = second_stage.draw(velocity, 5, labels, 2.0, steps=4, seed=3)
    np.testing.assert_array_equal(again, z)
    other = second_stage.draw(velocity, 5, labels, 2.0, steps=4, seed=4)
    assert not np.isclose(other, z).any()


def test_a_velocity_says_what_it_takes(tmp_path):
    velocity = network(tmp_path / "v.onnx")
    assert (velocity.latent_dim, velocity.classes) == (2, 2)
    assert velocity.class_names == ["cat", "dog"]
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    with pytest.raises(UserError, match="broken"):
        Velocity(tmp_path / "broken.onnx")
