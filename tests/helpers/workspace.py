"""Copies of the project in which a test may edit anything, and the real command to run there."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.helpers import ROOT

PARTS = ("Snakefile", "environment.yml", "workflow", "scripts", "config", "profiles", "gpu-cluster")
FIGURES = (
    "latent grid samples samples_gmm neighbours outliers reconstructions traversals history "
    "architecture"
).split()
TINY = {
    "mirrors": [],
    "datasets": {
        "digits": {
            "source": "digits",
            "latent_dim": [2, 3],
            "intermediate_dim": 8,
            "epochs": 2,
            "batch_size": 256,
            "validation": 0,
            "evaluation": {"draws": 2, "samples": 5, "images": 20},
        }
    },
}


@dataclass(frozen=True)
class Workspace:
    """A copy of the project in a folder of its own."""

    path: Path

    def snakemake(
        self, *arguments: str, before: tuple[str, ...] = (), **options: Any
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

    def build(self, *targets: str, cores: int = 2, options: tuple[str, ...] = ()) -> str:
        """Build targets, by default all, and check that this succeeds; returns the output."""
        done = self.snakemake("--cores", str(cores), *options, "--", *targets)
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return output

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
        """What config/config.yaml says; `write_config` takes it back."""
        return yaml.safe_load((self.path / "config/config.yaml").read_text())

    def write_config(self, content: dict) -> None:
        """Replace config/config.yaml."""
        (self.path / "config/config.yaml").write_text(yaml.safe_dump(content, sort_keys=False))

    def configure(self, dataset: str, **settings: Any) -> None:
        """Set these settings of a dataset, which may be new, and leave its other ones."""
        content = self.config
        content["datasets"].setdefault(dataset, {}).update(settings)
        self.write_config(content)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace the first `old` in a file of the project."""
        file = self.path / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    def append(self, path: str, text: str) -> None:
        """Add text to the end of a file of the project."""
        with open(self.path / path, "a") as file:
            file.write(text)

    def copy(self, path: Path, link_results: bool = False) -> "Workspace":
        """The same elsewhere, results and Snakemake's records included.

        link_results: results are hard links, for a test that only plans. Whoever writes into one
        changes the original, too; whoever replaces or removes one does not.
        """
        results = self.path / "results"

        def link_or_copy(source: str, target: str) -> None:
            linked = link_results and results in Path(source).parents
            (os.link if linked else shutil.copy2)(source, target)

        shutil.copytree(self.path, path, copy_function=link_or_copy)
        return Workspace(path)


def new_workspace(path: Path) -> Workspace:
    """This project in a new folder, with a tiny config and nothing built."""
    path.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, path / part)
    workspace = Workspace(path)
    workspace.write_config(TINY)
    return workspace
