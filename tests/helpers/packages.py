"""Packages that the project does not need, put into a folder for one test."""

import subprocess
import sys
from pathlib import Path

import pytest


def install(requirement: str, folder: Path) -> Path:
    """Install a package without what it depends on; skip the test where that cannot be fetched."""
    options = "--quiet --disable-pip-version-check --no-deps --target".split()
    command = [sys.executable, "-m", "pip", "install", *options, folder, requirement]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{requirement} cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return folder
