"""The peers' environment, `.venv-bench`: PyTorch and JAX, beside the project's own Keras and NumPy.

Made on first use, from the dependency group `bench` in pyproject.toml, and used again as long as
its requirements are the same.
"""

import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from benchmarks import ROOT

FOLDER = ROOT / ".venv-bench"


def requirements() -> list[str]:
    """The peers as pyproject.toml pins them; Keras and NumPy in the versions of this process."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        pinned = tomllib.load(file)["dependency-groups"]["bench"]
    return [*pinned, *(f"{name}=={metadata.version(name)}" for name in ("keras", "numpy"))]


def python(folder: Path = FOLDER) -> str | None:
    """The environment's interpreter; None, having said why, where it cannot be made."""
    wanted = "\n".join(requirements()) + "\n"
    ready, interpreter = folder / "ready", folder / "bin/python"
    if interpreter.exists() and ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return str(interpreter)
    print(f"Making {folder.name} for the peers: {', '.join(wanted.split())}", flush=True)
    error = _make(folder, interpreter, wanted.split())
    if error:
        shutil.rmtree(folder, ignore_errors=True)
        print(
            f"{folder.name} could not be made, so the benchmark goes on without PyTorch and JAX. "
            "It takes a Python package index within reach (pip's settings can name a mirror) and "
            f"up to 8 GB of disk. What pip said last:\n{error}",
            flush=True,
        )
        return None
    ready.write_text(wanted, encoding="utf-8")
    return str(interpreter)


def _make(folder: Path, interpreter: Path, wanted: list[str]) -> str:
    """Make it; return an error's last lines, or nothing."""
    pip = [str(interpreter), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], [*pip, *wanted]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return "\n".join((done.stdout + done.stderr).strip().splitlines()[-3:])
    return ""
