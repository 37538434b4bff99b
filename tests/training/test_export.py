import json
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from tests.helpers.config import run_settings
from tests.helpers.networks import ABOUT
from vae.services.errors import UserError
from vae.training import export, fit

FOREIGN = """
import sys, numpy as np, keras
keras.config.enable_unsafe_deserialization = None
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
out = model(np.load(sys.argv[2]))
assert not any(name.startswith("scripts") for name in sys.modules)
np.save(sys.argv[3], out["z"] if isinstance(out, dict) else out)
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    vae = fit.build((5, 4, 3), run_settings(latent_dim=3))
    names = ("encoder.keras", "decoder.keras", "vae.keras")
    names += ("encoder.onnx", "posterior.onnx", "decoder.onnx")
    paths = [folder / name for name in names]
    networks = export.networks(vae)
    export.save_keras(networks, *paths[:3])
    export.save_onnx(networks, *paths[3:], ABOUT)
    assert sorted(p.name for p in folder.iterdir()) == sorted(names)
    return vae, networks, folder


def test_metadata_are_json(exported):
    for name in ("encoder", "posterior", "decoder"):
        model = onnx.load(exported[2] / f"{name}.onnx")
        assert {p.key: json.loads(p.value) for p in model.metadata_props} == ABOUT


def nulls(value):
    """The keys that are null in a value of JSON, at any depth."""
    if isinstance(value, dict):
        return [key for key, v in value.items() if v is None] + nulls([*value.values()])
    return [key for item in value for key in nulls(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("name", ["encoder", "decoder", "vae"])
def test_older_versions_of_keras_find_no_keys_that_they_do_not_know(exported, name):
    """Keys that are null, such as quantization_config, are what newer versions add."""
    with zipfile.ZipFile(exported[2] / f"{name}.keras") as archive:
        config = json.loads(archive.read("config.json"))
    assert config["class_name"] == "Functional"
    assert nulls(config) == []


def test_keras_files_load_where_this_project_is_not(exported, tmp_path):
    vae, _, folder = exported
    (tmp_path / "foreign.py").write_text(FOREIGN)
    x = np.random.default_rng(0).random((2, 5, 4, 3), np.float32)
    z_mean = np.asarray(vae.encoder(x)["z_mean"])
    expected = {"encoder": (x, z_mean), "vae": (x, np.asarray(vae.decoder(z_mean)["mean"]))}
    for name, (value, output) in expected.items():
        np.save(tmp_path / "in.npy", value)
        command = [sys.executable, "foreign.py", folder / f"{name}.keras", "in.npy", "out.npy"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        np.testing.assert_allclose(np.load(tmp_path / "out.npy"), output, atol=1e-5)


def test_the_architecture_names_every_layer_with_its_shape_and_parameters(exported):
    vae, networks, _ = exported
    drawn = json.loads(json.dumps(export.architecture(vae, networks)))
    encoder = {layer["name"]: layer for layer in drawn["encoder"]}
    assert encoder["hidden"] == {
        "name": "hidden",
        "type": "Dense",
        "output_shape": [8],
        "detail": "relu",
        "parameters": 60 * 8 + 8,
        "inputs": ["pixels"],
    }
    assert encoder["image"]["inputs"] == []
    total = sum(layer["parameters"] for layers in drawn.values() for layer in layers)
    assert total == vae.encoder.count_params() + vae.decoder.count_params()


def test_another_backend_leaves_onnx_files_to_tensorflow(exported, tmp_path, monkeypatch):
    _, networks, folder = exported
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    export.write_onnx(networks.posterior, tmp_path / "posterior.onnx")
    rng = np.random.default_rng(0)
    inputs = {"image": rng.random((2, 5, 4, 3)), "noise": rng.normal(size=(2, 3))}
    inputs = {name: value.astype(np.float32) for name, value in inputs.items()}
    both = [
        onnxruntime.InferenceSession(str(path / "posterior.onnx")).run(["z", "log_q"], inputs)
        for path in (folder, tmp_path)
    ]
    np.testing.assert_array_equal(both[0][0], both[1][0])
    np.testing.assert_array_equal(both[0][1], both[1][1])

    monkeypatch.setattr(export, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="KERAS_BACKEND=jax trains, but"):
        export.check()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("name", ["encoder.keras", "decoder.keras", "vae.keras", "decoder.onnx"])
def test_a_full_disk_leaves_no_half_model(exported, tmp_path, name):
    vae, networks, _ = exported
    (tmp_path / f".part.{name}").symlink_to("/dev/full")
    with pytest.raises(OSError, match=f"No space left on device: '.*/{name}'"):
        if name.endswith(".onnx"):
            export.write_onnx(vae.decoder, tmp_path / name)
        else:
            paths = [tmp_path / f"{part}.keras" for part in ("encoder", "decoder", "vae")]
            export.save_keras(networks, *paths)
    assert not (tmp_path / name).exists()
    assert not [*tmp_path.glob(".part.*")]
