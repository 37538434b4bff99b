"""A new part of every kind is one file, found by its name: one of each, in one run, end to end."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.helpers import ROOT
from vae.data import images
from vae.latent import codes
from vae.latent.onnx import Decoder, Posterior

TOYS = ROOT / "tests/helpers/toys"
FILES = {
    "linear": "models",
    "laplace": "likelihoods",
    "affine": "priors",
    "stripes": "data/sources",
    "brightness": "figures",
}
SCRIPT = '''"""Plot the brightness of samples."""

from vae.figures import brightness
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        brightness.plot(
            path_to_decoder=snakemake.input.decoder,
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            title=snakemake.wildcards.run,
        )
'''
RULE = """

rule plot_brightness:
    input:
        decoder="results/{dataset}/{run}/decoder.onnx",
    output:
        in_report("results/{dataset}/{run}/brightness.png"),
    log:
        "results/{dataset}/{run}/logs/plot_brightness.log",
    params:
        figures=figure_settings("brightness"),
        code=fingerprint("plot_brightness"),
    script:
        "../../scripts/plot_brightness.py"
"""
ROW = '    "mae": ("mean absolute error", "gray value of [0, 1]", -1, "pixels", True, ""),\n'
METRIC = '''

@of_reconstructions
def mae(x, y):
    """Mean absolute difference of each image."""
    return np.abs(x - y).mean(axis=(1, 2, 3), dtype=float)
'''
SOURCE = "  stripes: {format: stripes, licence: none, citation: none}\n"
RUN = {"model": "linear", "likelihood": "laplace", "prior": "affine", "latent_dim": 2}
RUN |= {"epochs": 2, "batch_size": 32, "evaluation": {"draws": 2, "samples": 5, "images": 20}}


@pytest.fixture(scope="module")
def toys(fresh, tmp_path_factory):
    """A project with one more part of every kind, and a run of two that uses them; built."""
    project = fresh.copy(tmp_path_factory.mktemp("toys") / "project")
    for name, folder in FILES.items():
        shutil.copy(TOYS / f"{name}.py", project.path / "scripts/vae" / folder)
    (project.path / "scripts/plot_brightness.py").write_text(SCRIPT)
    (project.path / "workflow/report/brightness.rst").write_text("The brightness of samples.\n")
    project.append("workflow/rules/figures.smk", RULE)
    project.append("scripts/vae/evaluation/metrics.py", METRIC)
    project.edit("scripts/vae/evaluation/metrics.py", '    "pca_mse"', f'{ROW}    "pca_mse"')
    project.append("config/sources.yaml", SOURCE)
    project.write_config({"mirrors": [], "datasets": {}})
    options = {"count": 40, "figures": {"bins": 5}, "variants": [{"leak": 0.3, "first_scale": 3}]}
    project.configure("stripes", source="stripes", validation=0, **RUN, **options)
    project.build()
    return project


@pytest.fixture(scope="module")
def run(toys):
    return toys.path / "results/stripes/ld_2"


def test_settings_of_parts_are_settings_of_runs_and_in_their_names(toys, run):
    variant = run.with_name("ld_2_fs_3_lk_0.3")
    values = [
        json.loads((folder / "run.json").read_text())["settings"] for folder in (run, variant)
    ]
    assert [(v["leak"], v["first_scale"]) for v in values] == [(0.1, 2.0), (0.3, 3.0)]


def test_the_images_are_those_of_the_source(toys, run):
    data = images.load(run.with_name("images.npz"))
    assert data.shape == (6, 9, 1)
    assert data.class_names == ("row", "column")
    assert (len(data.train), len(data.test)) == (60, 20)
    assert [*data.test.files][:2] == ["row/0", "row/4"]
    assert data.test.columns["position"][:3].tolist() == [0, 4, 2]
    record = json.loads((run / "run.json").read_text())
    assert record["preparation"] == data.preparation
    assert data.preparation["count"] == 40


def test_the_decoder_has_the_channels_of_the_likelihood(run):
    decoder = Decoder(run / "decoder.onnx")
    assert decoder.about["likelihood"] == "laplace"
    parameters = decoder.parameters(np.zeros((1, 2)))
    assert {name: value.shape[1:] for name, value in parameters.items()} == {
        "mean": (6, 9, 1),
        "log_width": (6, 9, 1),
    }


def test_pixels_are_drawn_from_the_likelihood(toys, run, tmp_path):
    words = [str(run), "--random", "3", "--pixels", "-o", str(tmp_path / "pixels.npy")]
    command = [sys.executable, "scripts/generate.py", *words]
    subprocess.run(command, cwd=toys.path, check=True, capture_output=True)
    pixels = np.load(tmp_path / "pixels.npy")
    assert pixels.shape == (3, 6, 9, 1)
    np.testing.assert_array_equal(np.rint(255 * pixels) / np.float32(255), pixels)


def test_the_prior_is_in_the_files(run):
    posterior = Posterior(run / "posterior.onnx")
    assert (posterior.groups, posterior.about["latent"]["prior"]) == (1, "affine")
    dataset = codes.load(run / "codes.npz")
    assert dataset.splits["test"].z_log_var is None
    assert len(dataset.draws.z) == 60


def test_the_metric_is_evaluated_and_compared(run):
    metrics = json.loads((run / "metrics.json").read_text())["metrics"]
    assert metrics["mae"]["unit"] == "gray value of [0, 1]"
    assert 0 < metrics["mae"]["value"] < 1
    assert len(metrics["kl_per_group"]["value"]) == 1
    table = pd.read_csv(run.with_name("comparison.csv"))
    assert len(table["mae"]) == 2
    assert "| mae |" in (run / "model_card.md").read_text()


def test_the_figure_is_drawn(run):
    for name in ("brightness", "latent", "traversals", "samples_gmm", "grid"):
        with Image.open(run / f"{name}.png") as image:
            image.load()


def test_models_load_without_the_parts(run):
    import keras

    x = np.random.default_rng(0).random((3, 6, 9, 1), np.float32)
    encoder, decoder, whole = (
        keras.saving.load_model(run / f"{name}.keras", safe_mode=True)
        for name in ("encoder", "decoder", "vae")
    )
    encoded = encoder(x)
    assert set(encoded) == {"z", "u_mean", "u_log_var"}
    np.testing.assert_allclose(decoder(encoded["z"]), whole(x), atol=1e-5)


def test_an_edit_of_a_part_runs_what_uses_it(toys, tmp_path):
    edited = toys.copy(tmp_path / "project", link_results=True)
    edited.append("scripts/vae/priors/affine.py", "\n\ndef new():\n    return 1\n")
    assert edited.planned()["train"] == {"stripes/ld_2", "stripes/ld_2_fs_3_lk_0.3"}
    edited = toys.copy(tmp_path / "another", link_results=True)
    edited.append("scripts/vae/figures/brightness.py", "\n\ndef new():\n    return 1\n")
    assert set(edited.planned()) == {"plot_brightness"}
