"""The .keras files of every network load in the oldest version of Keras that README names."""

import os
import re
import subprocess
import sys

import numpy as np

from tests.helpers import ROOT
from tests.helpers.packages import install
from tests.models.test_models import CONDITIONAL, perturb, run_of
from vae.plan.run_settings import MODELS
from vae.training import export, fit

FOREIGN = """
import sys, keras, numpy as np
print(keras.__version__)
for name in sys.argv[1:]:
    given = np.load(name + ".npz")
    inputs = [given[f"input_{i}"] for i in range(sum(k.startswith("input") for k in given))]
    model = keras.saving.load_model(name + ".keras", safe_mode=True)
    result = model(inputs if inputs[1:] else inputs[0])
    result = result["z"] if isinstance(result, dict) else result
    np.testing.assert_allclose(result, given["result"], rtol=1e-4, atol=1e-5)
"""
PRIORS = [
    *({"model": model} for model in MODELS),
    *({"model": model, "conditional": True} for model in CONDITIONAL),
    {"model": "mlp", "prior": "flow", "couplings": 2, "flow_hidden": 4},
]


def save(settings, folder, rng):
    """Write the three files of a run, each with what it is given and what it makes of it."""
    shape, classes = (10, 9, 3), 3 if settings.get("conditional") else 0
    vae = fit.build(shape, run_of(shape=shape, likelihood="gaussian", **settings), classes)
    perturb(vae, rng)
    networks = export.networks(vae)
    models = {"encoder": networks.encoder, "decoder": networks.decoder, "vae": networks.whole}
    names = [f"{'_'.join(map(str, settings.values()))}_{name}" for name in models]
    export.save_keras(networks, *(folder / f"{name}.keras" for name in names))
    for name, model in zip(names, models.values(), strict=True):
        inputs = [rng.random((2, *tensor.shape[1:]), np.float32) for tensor in model.inputs]
        result = model(inputs if inputs[1:] else inputs[0])
        if isinstance(result, dict):
            result = result.get("z", result.get("mean"))
        given = {f"input_{i}": array for i, array in enumerate(inputs)}
        np.savez(folder / f"{name}.npz", result=np.asarray(result), **given)
    return names


def test_the_files_of_every_network_load_in_the_oldest_keras(tmp_path):
    oldest = re.search(r"in Keras ([\d.]+) or newer", (ROOT / "README.md").read_text())[1]
    keras = install(f"keras=={oldest}.*", tmp_path / "packages")
    rng = np.random.default_rng(0)
    names = [name for settings in PRIORS for name in save(settings, tmp_path, rng)]
    (tmp_path / "foreign.py").write_text(FOREIGN)
    done = subprocess.run(
        [sys.executable, "foreign.py", *names],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(keras)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith(f"{oldest}.")
