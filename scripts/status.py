"""Show how far every configured run is: `python scripts/status.py`, also while a workflow is on."""

import argparse
import shlex
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # which PYTHONSAFEPATH leaves out

from vae.plan import status
from vae.plan.loading import files, load
from vae.plan.targets import unknown_target


def main() -> None:
    """Print a table of runs, and what may be removed."""
    parser = argparse.ArgumentParser(prog="python scripts/status.py", description=__doc__)
    parser.add_argument(
        "--configfile", nargs="+", default=[], help="laid over config/config.yaml, as in snakemake"
    )
    parser.add_argument("dataset", nargs="*", help="only runs of these")
    arguments = parser.parse_args()
    settings = load(paths=[*files(), *arguments.configfile])
    datasets = arguments.dataset or settings.runs
    for name in datasets:
        if name not in settings.runs:
            raise SystemExit(unknown_target(settings, name))
    rows = [row for row in status.rows(settings) if row.dataset in datasets]
    widths = [max(len(getattr(row, key)) for row in rows) for key in ("dataset", "run", "state")]
    for row in rows:
        cells = zip((row.dataset, row.run, row.state), widths, strict=True)
        print("  ".join([*(cell.ljust(width) for cell, width in cells), row.about]).rstrip())
    counts = Counter(row.state for row in rows)
    print(f"\n{len(rows)} runs: " + ", ".join(f"{n} {state}" for state, n in counts.items()))

    if orphans := status.orphans(settings):
        print("\nNo configured run owns these any more; to remove them:")
        for orphan in orphans:
            print(f"  rm -r {shlex.quote(str(orphan.path))}  # {orphan.size / 1e6:,.1f} MB")


if __name__ == "__main__":
    main()
