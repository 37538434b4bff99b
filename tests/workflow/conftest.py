"""Copies of the project in which a test may edit anything, and the real command to run there."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "environment.yml", "workflow", "scripts", "config", "profiles", "gpu-cluster")
TINY = {
    "mirrors": [],
    "datasets": {
        "digits": {
            "source": "digits",
            "latent_dim": [2, 3],
            "intermediate_dim": 8,
            "epochs": 2,
            "batch_size": 256,
            "evaluation": {"draws": 2, "samples": 5, "images": 20},
        }
    },
}


@dataclass(frozen=True)
class Workspace:
    """A copy of the project in a folder of its own."""

    path: Path

    def snakemake(
        self, *arguments: str, before: tuple[str, ...] = (), **options
    ) -> subprocess.CompletedProcess:
        """Run the command as a user would type it; its output is in `stdout` and `stderr`.

        before: a command that runs it in its turn, with other rights for instance.
        """
        return subprocess.run(
            [*before, sys.executable, "-m", "snakemake", *arguments],
            cwd=self.path,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            **options,
        )

    def start(self, *arguments: str) -> subprocess.Popen:
        """The same, without waiting for its end."""
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def planned(self, *arguments: str) -> dict[str, set[str]]:
        """The rules that `snakemake -n` would run, and the folders of results each would fill."""
        done = self.snakemake("-n", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        jobs = re.findall(
            r"^ *(?:local)?rule (\w+):\n(?: +.*\n)*? +output: ([^\n,]*)",
            done.stderr + done.stdout,
            re.M,
        )
        plan: dict[str, set[str]] = {}
        for rule, output in jobs:
            plan.setdefault(rule, set()).add(str(Path(output).parent.relative_to("results")))
        return plan

    @property
    def config(self) -> dict:
        """config/config.yaml; assigning to it writes the file."""
        return yaml.safe_load((self.path / "config/config.yaml").read_text())

    def write_config(self, content: dict) -> None:
        """Replace config/config.yaml."""
        (self.path / "config/config.yaml").write_text(yaml.safe_dump(content, sort_keys=False))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace the first `old` in a file of the project."""
        file = self.path / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    def copy(self, path: Path) -> "Workspace":
        """The same, results and Snakemake's records included, elsewhere."""
        shutil.copytree(self.path, path)
        return Workspace(path)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Workspace:
    """The project with a tiny config, nothing built; not to be written to."""
    path = tmp_path_factory.mktemp("fresh") / "project"
    path.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, path / part)
    workspace = Workspace(path)
    workspace.write_config(TINY)
    return workspace


@pytest.fixture(scope="session")
def built(fresh, tmp_path_factory) -> Workspace:
    """The same after `snakemake --cores 2`; not to be written to."""
    workspace = fresh.copy(tmp_path_factory.mktemp("built") / "project")
    done = workspace.snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return workspace


@pytest.fixture
def unbuilt_copy(fresh, tmp_path) -> Workspace:
    """A project of the test's own, nothing built."""
    return fresh.copy(tmp_path / "project")


@pytest.fixture
def built_copy(built, tmp_path) -> Workspace:
    """A project of the test's own, everything built."""
    return built.copy(tmp_path / "project")
