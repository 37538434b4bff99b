"""The folders of results: what may be wrong with them before any job.

Imported by the Snakefile: no NumPy here. What Snakemake makes of it would be a traceback.
"""

import os
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

REMEDY = "Then run the same command again."


def check_braces(project: str) -> None:
    """End the process if the project's path has a brace: Snakemake would look for a variable."""
    if "{" in project or "}" in project:
        sys.exit(
            f"{project} has a brace in its path, which Snakemake takes for the name of a variable; "
            f"nothing was run. Rename that folder. {REMEDY}"
        )


def check_places(folders: Iterable[str]) -> None:
    """End the process if something that is not a folder is in the place of one of these."""
    for folder in folders:
        if os.path.islink(folder) and not os.path.exists(folder):
            sys.exit(
                f"{folder} is a link to {os.path.realpath(folder)}, which is not there; nothing "
                f"was run. Mount that disk or make that folder, or remove the link. {REMEDY}"
            )
        if os.path.exists(folder) and not os.path.isdir(folder):
            sys.exit(
                f"{folder} is a file, and results need a folder in its place; nothing was run. "
                f"Give it another name. {REMEDY}"
            )


def check_writable(datasets: Iterable[str], results: str = "results") -> None:
    """End the process if nothing can be written to `results`, or to a folder of these datasets."""
    below = (folder for name in datasets for folder, _, _ in os.walk(os.path.join(results, name)))
    for folder in (results, *below):
        if os.path.isdir(folder) and not os.access(folder, os.W_OK | os.X_OK):
            sys.exit(
                f"{folder} cannot be written to; nothing was run. Make it writable for you (chmod, "
                f"chown, or how its disk is mounted), or put a link to a folder that is in the "
                f"place of results/. {REMEDY}"
            )


def clear_future_times(results: str = "results") -> None:
    """Set modification times that lie in the future (the clock was set back) to now.

    Otherwise Snakemake deletes what it makes from such a file, hours of training, as outdated.
    """
    now = time.time()
    for folder, _, files in os.walk(results):
        for path in (Path(folder, name) for name in files):
            with suppress(OSError):
                if path.lstat().st_mtime > now:
                    os.utime(path, (now, now), follow_symlinks=False)
