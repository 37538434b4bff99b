"""What several tests share; nothing here imports TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Crash(Exception):  # noqa: N818
    """Stands for any error that ends a process or a block early."""


def python(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess:
    """Run Python in a process of its own, which finds the library; its output is text."""
    path = [str(ROOT / "scripts"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
