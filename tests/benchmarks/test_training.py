"""The benchmark itself, on a tiny epoch; and that all build the same network."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from benchmarks import ROOT, networks
from benchmarks.cases import CASES
from vae import models
from vae.plan.run_settings import RunSettings


def test_this_project_and_the_straight_port_take_turns(tmp_path):
    command = [sys.executable, "-m", "benchmarks.training", "--cases", "mlp", "--rounds", "1"]
    options = ["--engines", "ours,port", "--images", "512", "--out", str(tmp_path)]
    done = subprocess.run(
        command + options, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = pd.read_csv(tmp_path / "training.csv").set_index("engine")
    assert list(rows.index) == ["ours", "port"], done.stdout
    assert (rows["images_per_second"] > 0).all()
    assert (rows["peak_memory_mb"] > 100).all()
    assert rows.loc["port", "ratio"] == pytest.approx(
        rows.loc["ours", "images_per_second"] / rows.loc["port", "images_per_second"], rel=0.01
    )
    assert json.loads((tmp_path / "training.json").read_text())["rounds"] == 1
    assert (tmp_path / "training.png").stat().st_size > 10_000


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_network_that_is_counted_is_ours(case):
    built = models.build(case.image_shape, case.image_shape[-1], RunSettings(**case.run))
    trained = [built.joint] if isinstance(built, models.Hierarchy) else built
    ours = sum(network.count_params() for network in trained)
    assert networks.build(case.image_shape, case.run).parameters == ours


def test_the_port_gives_what_ours_gives():
    import numpy as np

    from benchmarks import port

    run = CASES["conv32"].run | {"filters": 4, "intermediate_dim": 8, "epochs": 1}
    pixels = np.random.default_rng(0).integers(0, 256, (8, 20, 20, 3), np.uint8)
    encoder, decoder = port.fit(pixels, run)
    posterior = encoder(pixels / np.float32(255))
    assert {name: tuple(value.shape) for name, value in posterior.items()} == {
        "z_mean": (8, 2),
        "z_log_var": (8, 2),
    }
    parameters = decoder(posterior["z_mean"])
    assert tuple(parameters["mean"].shape) == (8, 20, 20, 3)
    assert tuple(parameters["log_var"].shape) == (8, 1)
