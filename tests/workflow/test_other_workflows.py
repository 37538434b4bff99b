"""What docs/other-workflows.md says: from another folder, and as a module of another workflow."""

import hashlib
import json
import re
import subprocess

import numpy as np
import pytest
import yaml

from tests.helpers import ROOT
from tests.helpers.workspace import Workspace

PAGE = (ROOT / "docs/other-workflows.md").read_text(encoding="utf-8")
SNAKEFILE, SCRIPT = re.findall(r"```python\n(.*?)```", PAGE, re.S)
(CONFIG,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)


@pytest.fixture
def importer(fresh, tmp_path):
    """The workflow of the page, with fewer epochs, beside a clone."""
    (tmp_path / "vae").symlink_to(fresh.path)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "nearest.py").write_text(SCRIPT)
    (folder / "config.yaml").write_text(CONFIG.replace("epochs: 60", "epochs: 2"))
    return folder


def test_the_example_builds_and_all_of_ours_lies_below_the_prefix(importer):
    done = Workspace(importer).snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    nearest = np.loadtxt(importer / "nearest.csv", delimiter=",")
    assert nearest.shape == (360, 2)
    assert nearest[:, 0].max() < 1437
    written = {path.name for path in importer.iterdir()} - {".snakemake"}
    assert written == {"Snakefile", "config.yaml", "nearest.py", "nearest.csv", "models"}
    assert [path.name for path in (importer / "models").iterdir()] == ["results"]
    again = Workspace(importer).snakemake("-n")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_its_config_is_the_whole_config_but_for_the_sources(importer):
    listed = Workspace(importer).snakemake("--list-rules").stdout.split()
    assert {"vae_digits", "vae_train"} <= {*listed}
    assert "vae_mnist" not in listed
    # A file that sources.yaml knows, from a mirror of the config, to a place below the prefix.
    (importer / "mirror/cifar10").mkdir(parents=True)
    name = "cifar-10-binary.tar.gz"
    (importer / "mirror/cifar10" / name).write_bytes(b"images")
    known = {"bytes": 6, "sha256": hashlib.sha256(b"images").hexdigest()}
    config = yaml.safe_load((importer / "config.yaml").read_text())
    config["vae"] |= {"mirrors": ["mirror"], "sources": {"cifar10": {"files": {name: known}}}}
    (importer / "config.yaml").write_text(json.dumps(config))
    raw = f"models/results/raw/cifar10/{name}"
    for _ in range(2):  # the second time it is there, which is not asked of a place without prefix
        done = Workspace(importer).snakemake("--cores", "1", "--", raw)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (importer / raw).read_bytes() == b"images"


def test_without_a_config_of_its_own_it_has_the_datasets_of_the_project(importer):
    bare = re.sub(r"    config:\n.*\n", "", SNAKEFILE)
    (importer / "Snakefile").write_text(bare)
    done = Workspace(importer).snakemake("-n")
    assert done.returncode == 0, done.stdout + done.stderr
    (importer / "models/results").mkdir(parents=True)
    (importer / "models/results/digits").write_text("")
    done = Workspace(importer).snakemake("-n")
    assert "models/results/digits is a file" in done.stderr


def test_from_a_git_repository_it_says_to_clone(fresh, importer):
    repository = importer.parent / "repository"
    fresh.copy(repository)
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "Snakefile", "workflow"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True)
    source = f'gitfile("{repository}", path="Snakefile", ref="main")'
    (importer / "Snakefile").write_text(SNAKEFILE.replace('"../vae/Snakefile"', source))
    done = Workspace(importer).snakemake("-n")
    assert done.returncode == 1
    assert "Clone the repository, and give `snakefile:` the path of its" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_catalog_asks_for_is_there():
    """Linting and formatting, which it asks for as well, are what `make lint` checks."""
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert {"mandatory-flags", "software-stack-deployment", "report"} == {*usage}
    for file in ("README.md", "LICENSE", "Snakefile", "config/README.md", "config/config.yaml"):
        assert (ROOT / file).is_file(), file
