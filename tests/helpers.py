"""What several tests share."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


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
