"""The code that model cards print, for every kind of run: Keras and ONNX Runtime."""

import re

import numpy as np
import pytest

from tests.helpers.config import run_settings
from tests.helpers.networks import ABOUT
from vae.evaluation import model_card
from vae.plan.parts import parts
from vae.training import export, fit

SHAPE = (8, 8, 1)
LADDER = {key: setting["default"] for key, setting in parts("models")["ladder"].settings.items()}
RUNS = {
    "plain": {},
    "conditional flow": {"conditional": True, "prior": "flow", "couplings": 2, "flow_hidden": 4},
    "hierarchy": LADDER | {"model": "ladder", "filters": 4, "intermediate_dim": 8},
}


@pytest.mark.parametrize("changes", RUNS.values(), ids=RUNS)
def test_the_code_of_a_card_runs_as_printed(changes, tmp_path, monkeypatch):
    run = run_settings(**changes)
    classes = 3 if run.conditional else 0
    vae = fit.build(SHAPE, run, classes)
    networks = export.networks(vae)
    paths = {
        suffix: [tmp_path / f"{name}.{suffix}" for name in names]
        for suffix, names in {
            "keras": ("encoder", "decoder", "vae"),
            "onnx": ("encoder", "posterior", "decoder"),
        }.items()
    }
    export.save_keras(networks, *paths["keras"])
    export.save_onnx(networks, *paths["onnx"], ABOUT)
    monkeypatch.chdir(tmp_path)
    text = model_card.loading(vae.latent_size, list(SHAPE), classes)
    with_keras, with_onnx = re.findall(r"```python\n(.*?)```", text, re.S)
    left, also = {}, {}
    exec(with_keras, left)
    exec(with_onnx, also)
    assert left["z"].shape == also["codes"].shape == (16, vae.latent_size)
    assert left["reconstructions"].shape == also["samples"].shape == (16, *SHAPE)
    feed = {"class": also["label"]} if classes else {}
    (same, *_) = also["encoder"].run(None, {"image": np.float32(left["images"])} | feed)
    np.testing.assert_allclose(same, left["z"], atol=1e-4)
