"""The tables of docs/results.md, from the first training to the last digit, unattended.

python -m benchmarks quality [mnist cifar10 ...] [--cores 2] [--hours 8] [--configfile FILE ...]

Builds every dataset, with the runs of docs/results.yaml, by the workflow itself in results/ of the
working directory, so that an interrupted command goes on where it was. Then prints a table per
dataset: of what there is, if the hours were too few.
"""

import argparse
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import ROOT
from benchmarks.results import table
from vae.evaluation import comparison
from vae.plan.loading import files, load
from vae.plan.runs import Run, Settings

RUNS = ROOT / "docs/results.yaml"
RECORDS = ("run.json", "metrics.json", "representation.json", "sample_quality.json")


def build(datasets: Iterable[str], overlays: Sequence[str], cores: int, hours: float) -> bool:
    """Whether Snakemake built everything in time; a job that fails keeps no other from running."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--keep-going"]
    command += ["--configfile", *overlays, "--"]
    process = subprocess.Popen([*command, *(f"results/{name}/comparison.csv" for name in datasets)])
    try:
        return process.wait(hours * 3600) == 0
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # jobs keep their checkpoints
        process.wait()
        return False


def tables(settings: Settings, datasets: Iterable[str]) -> str:
    """A Markdown table per dataset, of the runs that are complete, and how many are not."""
    parts = []
    for dataset in datasets:
        folder = Path("results", dataset)
        runs = [run for run in settings.runs[dataset].values() if not run.on_request]
        baselines = folder / "baselines.json"
        complete = [run for run in runs if baselines.exists() and _complete(folder, run)]
        parts.append(f"## {dataset}")
        if complete:
            paths = ([folder / run.name / name for run in complete] for name in RECORDS)
            recommended = [run.name for run in complete if run.recommended]
            parts.append(table(comparison.read(*paths, baselines, recommended)))
        if len(complete) < len(runs):
            parts.append(f"{len(runs) - len(complete)} of {len(runs)} runs are not complete.")
    return "\n\n".join(parts)


def _complete(folder: Path, run: Run) -> bool:
    return all((folder / run.name / name).exists() for name in RECORDS)


def main(arguments: Sequence[str]) -> None:
    """Build, and print."""
    options = _options(arguments)
    overlays = [str(RUNS), *options.configfile]
    settings = load(paths=[*files(), *overlays])
    if unknown := {*options.datasets} - {*settings.runs}:
        sys.exit(f"no dataset {', '.join(sorted(unknown))}; there are {', '.join(settings.runs)}")
    datasets = options.datasets or [*settings.runs]
    built = build(datasets, overlays, options.cores, options.hours)
    print(tables(settings, datasets))
    sys.exit(0 if built else 1)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks quality", description=__doc__.splitlines()[0]
    )
    parser.add_argument("datasets", nargs="*", help="by default all")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--hours", type=float, default=8, help="at most, in all (default: 8)")
    parser.add_argument(
        "--configfile", nargs="+", default=[], help="laid over docs/results.yaml: mirrors, ..."
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
