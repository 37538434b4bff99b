"""Show how far every configured run is: `python scripts/status.py`, also while a workflow is on."""

import argparse
import shlex
from collections import Counter
from typing import Any

import yaml

from vae.plan import runs, status
from vae.plan.config import check_yaml


def main() -> None:
    """Print a table of runs, and what may be removed."""
    parser = argparse.ArgumentParser(prog="python scripts/status.py", description=__doc__)
    parser.add_argument(
        "--configfile", nargs="+", default=[], help="laid over config/config.yaml, as in snakemake"
    )
    parser.add_argument("dataset", nargs="*", help="only runs of these")
    given = parser.parse_args()
    settings = runs.resolve(_config(given.configfile))
    for name in given.dataset:
        if name not in settings.runs:
            raise SystemExit(runs.unknown_target(settings, name))
    rows = [r for r in status.rows(settings) if not given.dataset or r.dataset in given.dataset]
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


def _config(overlays: list[str]) -> dict[str, Any]:
    """The config as Snakemake would read it."""
    paths = ["config/sources.yaml", "config/config.yaml", *overlays]
    check_yaml(*paths)
    config: dict[str, Any] = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            loaded = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        _lay_over(config, loaded or {})
    return config


def _lay_over(config: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            _lay_over(config[key], value)
        else:
            config[key] = value


if __name__ == "__main__":
    main()
