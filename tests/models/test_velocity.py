"""The network of a second stage: shapes, its start, Keras and ONNX files."""

import keras
import numpy as np
import pytest

from vae.latent.onnx import Velocity
from vae.models import velocity
from vae.training import export

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("shape", [(5,), (3, 4, 2)])
def test_velocities_of_maps_and_of_flat_codes(shape, classes, tmp_path):
    mean, sd = RNG.random(shape[-1]), 0.5 + RNG.random(shape[-1])
    network = velocity.build(shape, classes, filters=6, blocks=2, mean=mean, sd=sd)
    size = int(np.prod(shape))
    inputs = [RNG.standard_normal((2, size), np.float32), np.float32([[0.2], [0.9]])]
    if classes:
        inputs.append(np.eye(classes, dtype=np.float32)[[2, 0]])
    assert not np.asarray(network(inputs)).any()  # at first

    for weight in network.trainable_variables:
        weight.assign(weight + 0.1 * RNG.standard_normal(weight.shape))
    expected = np.asarray(network(inputs))
    assert expected.shape == (2, size)
    later = np.asarray(network([inputs[0], 1 - inputs[1], *inputs[2:]]))
    assert np.abs(later - expected).max() > 1e-3
    if classes:
        of_any = np.asarray(network([*inputs[:2], 0 * inputs[2]]))
        assert np.abs(of_any - expected).max() > 1e-3

    network.save(tmp_path / "v.keras")
    loaded = keras.saving.load_model(tmp_path / "v.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(inputs)), expected)
    named = keras.Model(network.inputs, {"velocity": network.output})
    export.write_onnx(named, tmp_path / "v.onnx", {"class_names": list("abc")[:classes]})
    onnx = Velocity(tmp_path / "v.onnx")
    labels = np.array([2, 0]) if classes else None
    for row, time in enumerate((0.2, 0.9)):
        found = onnx(inputs[0], time, labels)[row]
        np.testing.assert_allclose(found, expected[row], rtol=1e-5, atol=1e-5)


def test_a_velocity_is_measured_in_its_own_spread():
    z = 3 + 2 * RNG.standard_normal(100_000)
    mean, sd = velocity.unit(np.array(3.0), np.array(2.0))
    path = z - RNG.standard_normal(100_000)
    assert path.mean() == pytest.approx(mean, abs=0.05)
    assert path.std() == pytest.approx(sd, rel=0.02)
