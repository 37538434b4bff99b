"""What jobs get of the user's environment, and what they do not."""

import os

import pytest

from tests.helpers import python
from tests.helpers.hostile import VARIABLES
from vae.services import environment

RIGHTLY_SET = {
    "KERAS_BACKEND": "jax",
    "CUDA_VISIBLE_DEVICES": "1",
    "HTTPS_PROXY": "http://proxy:3128",
    "MPLCONFIGDIR": "/scratch/matplotlib",
    "TF_CPP_MIN_LOG_LEVEL": "0",
    "TF_VAR_region": "of Terraform",
    "OMP_NUM_THREADS": "2",
    "PYTHONPATH": "/mine",
    "LANG": "th_TH.UTF-8",
}


def test_what_a_user_may_set_stays_and_the_rest_does_not_reach_jobs():
    variables = VARIABLES | RIGHTLY_SET | {"XLA_FLAGS": "--bad --xla_gpu_cuda_data_dir=/cuda"}
    ignored = environment.settle(variables)
    assert {name: variables[name] for name in RIGHTLY_SET} == RIGHTLY_SET
    assert variables["XLA_FLAGS"] == "--xla_gpu_cuda_data_dir=/cuda"
    assert {name: variables[name] for name in environment.OURS} == environment.OURS
    assert "TF_ENABLE_ONEDNN_OPTS" in ignored
    assert "TF_ENABLE_ONEDNN_OPTS" not in variables
    assert {"MPLBACKEND", "PYTHONWARNINGS", "KERAS_MAX_EPOCHS", "XLA_FLAGS"} <= {*ignored}
    assert not {*ignored} & {*RIGHTLY_SET}
    assert environment.settle(variables) == [], "settled already"


def test_a_home_that_cannot_be_written_to_gets_no_cache_of_fonts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    variables = {}
    environment.settle(variables)
    assert "MPLCONFIGDIR" not in variables
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    environment.settle(variables)
    assert variables["MPLCONFIGDIR"] == str(tmp_path / ".snakemake/matplotlib")


def test_installed_packages_come_before_those_on_the_users_path(monkeypatch):
    monkeypatch.setattr("sys.path", ["/lib/python3.12", "/users/pip", "/venv/site-packages"])
    for path, expected in {
        "": "/library",
        "/users/pip:": "/library:/venv/site-packages:/users/pip",
        "/library:/venv/site-packages": "/library:/venv/site-packages",
    }.items():
        assert environment.path_for_jobs("/library", {"PYTHONPATH": path}) == expected


def test_a_backend_that_nothing_trains_with_is_an_error():
    for backend in ("", "jax"):
        environment.check_backend({"KERAS_BACKEND": backend})
    with pytest.raises(SystemExit, match="KERAS_BACKEND=theano: this project trains with"):
        environment.check_backend({"KERAS_BACKEND": "theano"})


@pytest.mark.parametrize("package", ["figures.sheet", "latent.onnx", "training.run"])
def test_packages_import_in_any_environment(package, monkeypatch):
    """As in jobs of who imports the workflow, whose environment stays theirs."""
    show = "import os; print(os.environ['MPLBACKEND'], os.environ['ORT_DISABLE_TELEMETRY'])"
    monkeypatch.setenv("MPLBACKEND", "module://inline")
    done = python("-c", f"import vae.{package}; {show}")
    assert done.stdout == "agg 1\n", done.stderr
