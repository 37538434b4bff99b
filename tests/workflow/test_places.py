"""Where the project is, and what else there is on the machine: what stops a command, and what not.

All of it only plans.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.helpers import ROOT, python

FOLDER = {"source": {"folder": "pictures"}, "size": 8, "latent_dim": 2, "conditional": True}


@pytest.fixture
def refused(fresh):
    """A function: what the command says as it ends without a traceback and before any job."""

    def run(*arguments, **variables):
        done = fresh.snakemake("-n", *arguments, env=os.environ | variables)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    return run


def test_the_projects_own_config_is_found_from_elsewhere(fresh, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    plan = {"digits/ld_2", "digits/ld_3"}
    assert fresh.planned("--directory", str(tmp_path / "elsewhere"))["train"] == plan

    def planned(*arguments):
        command = (sys.executable, "-m", "snakemake", "-n", "-s", fresh.path / "Snakefile")
        return subprocess.run(
            [*command, *arguments], cwd=tmp_path / "elsewhere", capture_output=True, text=True
        )

    assert "digits/ld_3/decoder.onnx" in planned().stdout
    own = tmp_path / "elsewhere/config"
    own.mkdir()
    (own / "config.yaml").write_text("datasets: {mine: {source: digits, latent_dim: 7}}")
    done = planned()
    assert "mine/ld_7/decoder.onnx" in done.stdout
    assert "digits/ld_3" not in done.stdout
    status = python(fresh.path / "scripts/status.py", cwd=own.parent)
    assert "mine  ld_7  waiting" in status.stdout


def test_no_home_is_needed(fresh):
    done = fresh.snakemake("-n", env=os.environ | {"HOME": "/proc/nothing"})
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_brace_in_the_path_of_the_project_is_told(fresh, tmp_path):
    project = fresh.copy(tmp_path / "{me}")
    done = project.snakemake("-n")
    assert done.returncode == 1
    assert f"{project.path} has a brace in its path" in done.stderr
    assert "NameError" not in done.stderr


def test_files_in_config_datasets_are_known_to_every_command(fresh, tmp_path):
    workspace = fresh.copy(tmp_path / "project")
    (workspace.path / "config/datasets").mkdir()
    for name in ("more", "other"):
        text = f"datasets: {{{name}: {{source: digits, latent_dim: 5}}}}"
        (workspace.path / f"config/datasets/{name}.yaml").write_text(text)
    assert workspace.planned()["train"] == {"digits/ld_2", "digits/ld_3", "more/ld_5", "other/ld_5"}
    status = python(workspace.path / "scripts/status.py", cwd=workspace.path)
    assert "other   ld_5  waiting" in status.stdout
    file = workspace.path / "config/datasets/more.yaml"
    file.write_text("datasets: {more: {source: digits, latent_dm: 5}}")
    done = workspace.snakemake("-n")
    assert "datasets.more.latent_dm: unknown key, did you mean latent_dim?" in done.stderr


def test_a_folder_of_pictures_becomes_a_dataset_by_one_command(fresh, tmp_path):
    workspace = fresh.copy(tmp_path / "project")
    folder = tmp_path / 'my "pets"'
    folder.mkdir()
    for number in range(10):
        Image.new("RGB", (9, 9), (20 * number, 0, 0)).save(folder / f"{number}.png")
    command = [sys.executable, "scripts/add_images.py", "--look"]

    def look(folder):
        options = {"cwd": workspace.path, "env": os.environ | {"FOLDER": str(folder)}}
        return subprocess.run(command, capture_output=True, text=True, **options)

    assert "my_pets.yaml: the dataset my_pets, of 10 images of 9 x 9 pixels" in look(folder).stdout
    assert workspace.planned("--", "my_pets")["train"] == {"my_pets/ld_2", "my_pets/ld_8"}
    assert "is the dataset my_pets already" in look(folder).stdout
    done = look(tmp_path / "none")
    assert done.returncode == 1
    assert "none is not a folder of pictures" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backend_that_is_none_is_told(refused):
    assert "KERAS_BACKEND=theano: this project trains with" in refused(KERAS_BACKEND="theano")


@pytest.fixture
def two_datasets(unbuilt_copy):
    """Digits, and pictures whose disk is not mounted."""
    unbuilt_copy.configure("flowers", **FOLDER)
    return unbuilt_copy


def test_a_folder_that_is_not_there_stops_its_own_dataset_and_no_other(two_datasets):
    assert "digits/ld_3" in two_datasets.planned("--", "digits")["train"]
    for target in ("all", "results/flowers/ld_2/grid.png"):
        done = two_datasets.snakemake("-n", "--", target)
        assert done.returncode == 1
        assert "datasets.flowers.source.folder: there is no folder 'pictures'" in done.stderr
        assert "Traceback" not in done.stderr
    for name in "ab":
        (two_datasets.path / "pictures" / name).mkdir(parents=True)
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(
            two_datasets.path / "pictures" / name / "1.png"
        )
    assert "flowers/ld_2" in two_datasets.planned()["train"]


def test_results_that_are_not_there_stop_their_own_dataset_and_no_other(two_datasets):
    results = two_datasets.path / "results"
    results.mkdir()
    (results / "flowers").symlink_to("/no/such/disk", target_is_directory=True)
    (two_datasets.path / "pictures").mkdir()
    two_datasets.configure("flowers", conditional=False)
    assert "digits/ld_3" in two_datasets.planned("--", "digits")["train"]
    done = two_datasets.snakemake("-n", "--", "flowers")
    assert done.returncode == 1
    assert "results/flowers is a link to /no/such/disk, which is not there" in done.stderr


def test_a_python_without_venv_is_told(tmp_path):
    """As Debian's, whose package python3-venv is another."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("python3.11", "python3.12", "python3.13", "python3", "python"):
        (folder / name).write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
        (folder / name).chmod(0o755)
    for name in ("Makefile", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["make", "digits"], cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode
    assert "sudo apt install python3-venv" in done.stderr
    assert "python3-venv" in (ROOT / "README.md").read_text()
