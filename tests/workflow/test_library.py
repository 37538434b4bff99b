"""The library is found from anywhere, whatever else is on the user's path."""

import json
import os
import shutil
import subprocess
import sys

import pytest

PROBE = """
import json, multiprocessing, subprocess, sys
import mine, vae.plan

def where(_):
    import vae.services
    return vae.services.__file__

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (worker,) = pool.map(where, [0])
    child = subprocess.check_output([sys.executable, "-c", "import vae; print(vae.__file__)"])
    found = {"job": vae.plan.__file__, "worker": worker, "child": child.decode(), "mine": mine.NAME}
    with open(snakemake.output[0], "w") as file:
        json.dump(found, file)
"""
RULE = '\n\nrule probe:\n    output: "probe.json"\n    script: "scripts/probe.py"\n'
IMPORTER = """
import train

module images:
    snakefile: "../project/Snakefile"

use rule * from images as images_*

rule mine:
    input: "results/digits/images.npz"
    output: "mine.json"
    script: "mine.py"
"""
IMPORTERS_SCRIPT = """
import json, os, evaluate
with open(snakemake.output[0], "w") as file:
    json.dump([evaluate.NAME, os.environ.get("PYTHONPATH", "")], file)
"""


@pytest.fixture
def elsewhere(unbuilt_copy, tmp_path):
    """A folder with a config of its own, and an environment with other packages on the path."""
    folder = tmp_path / "elsewhere"
    (folder / "config").mkdir(parents=True)
    shutil.move(unbuilt_copy.path / "config/config.yaml", folder / "config")
    for package in ("vae", "scripts"):
        (tmp_path / "foreign" / package).mkdir(parents=True)
        (tmp_path / "foreign" / package / "__init__.py").write_text("raise ImportError('foreign')")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/mine.py").write_text("NAME = 'mine'")
    return folder


def snakemake(folder, *arguments, path=("own",)):
    """The command in a folder, with folders of the test on PYTHONPATH."""
    entries = os.pathsep.join(str(folder.parent / entry) for entry in path)
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": entries},
        capture_output=True,
        text=True,
        check=False,
    )


def test_jobs_workers_and_children_find_our_library_before_others(unbuilt_copy, elsewhere):
    snakefile = unbuilt_copy.path / "Snakefile"
    (unbuilt_copy.path / "scripts/probe.py").write_text(PROBE)
    snakefile.write_text(snakefile.read_text() + RULE)
    targets = ("probe.json", "results/digits/images.npz")
    command = ("-s", "../project/Snakefile", "--", *targets)
    done = snakemake(elsewhere, *command, path=("foreign", "own"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((elsewhere / "probe.json").read_text())
    assert found.pop("mine") == "mine", "what the user has on the path stays there"
    library = str(unbuilt_copy.path / "scripts/vae")
    assert all(path.startswith(library) for path in found.values()), found
    assert (elsewhere / "results/digits/images.npz").is_file()
    assert not (unbuilt_copy.path / "results").exists()


@pytest.fixture
def importer(elsewhere):
    """A workflow that imports ours, and has modules that are called like scripts of ours."""
    for name in ("train", "evaluate"):
        (elsewhere / f"{name}.py").write_text("NAME = 'theirs'")
    (elsewhere / "Snakefile").write_text(IMPORTER)
    (elsewhere / "mine.py").write_text(IMPORTERS_SCRIPT)
    return elsewhere


def test_who_imports_our_workflow_keeps_modules_called_like_our_scripts(importer):
    done = snakemake(importer, "--", "mine.json")
    assert done.returncode == 0, done.stdout + done.stderr
    name, path = json.loads((importer / "mine.json").read_text())
    assert name == "theirs"
    assert path == str(importer.parent / "own"), "PYTHONPATH is as it was"
    assert (importer / "results/digits/images.npz").is_file()


def test_another_package_called_vae_is_an_error_there(importer):
    (importer.parent / "foreign/vae/__init__.py").write_text("")
    done = snakemake(importer, "-n", "--", "mine.json", path=("foreign",))
    assert done.returncode == 1
    assert f"Another Python package called vae comes before ours: {importer.parent}" in done.stderr
    assert "Traceback" not in done.stderr
