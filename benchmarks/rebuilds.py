"""How long a finished workflow takes to do nothing, or to draw one picture anew.

python -m benchmarks.rebuilds [--rounds 5]

Beside the bare start of Snakemake, on a Snakefile of one rule with nothing to do. In a copy of the
project with one run of the digits, trained first. Wall seconds, all three in turn. Writes
rebuilds.csv into `--out`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from benchmarks import OUT, ROOT
from vae.services.files import atomic

PARTS = ("Snakefile", "environment.yml", "workflow", "scripts", "profiles")
GRID = "results/digits/ld_2/grid.png"
BARE = (
    'rule all:\n    input: "done"\n\n\nrule nothing:\n    output: "done"\n    shell: "touch done"\n'
)
COMMANDS = {
    "bare start": "a Snakefile of one rule, nothing to do",
    "nothing to do": "snakemake digits, everything built",
    "grid size": f"snakemake {GRID}, grid_size changed",
}


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Wall seconds of each of COMMANDS, one a round.

    Raises SystemExit where a command fails, or redraws what it should not.
    """
    bare, ours = folder / "bare", folder / "ours"
    bare.mkdir()
    (bare / "Snakefile").write_text(BARE)
    (bare / "done").touch()
    _project(ours)
    _configure(ours, 20)
    _snakemake(ours, "digits")
    grid = ours / GRID
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(rounds + 1):  # the first one reads files that the system then remembers
        _configure(ours, 20)
        _snakemake(ours, GRID)
        found = [_snakemake(bare), _snakemake(ours, "digits")]
        before = grid.stat().st_mtime_ns
        _configure(ours, 10)
        found.append(_snakemake(ours, GRID))
        if grid.stat().st_mtime_ns == before:
            raise SystemExit(f"{GRID} was not drawn anew")
        if number:
            for name, value in zip(COMMANDS, found, strict=True):
                seconds[name].append(value)
    return seconds


def rows(seconds: dict[str, list[float]]) -> list[dict[str, object]]:
    """A row a command: median, lowest and highest seconds, and how far above the bare start."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        {
            "command": name,
            "what": COMMANDS[name],
            "seconds": medians[name],
            "lowest": min(values),
            "highest": max(values),
            "above_bare": medians[name] - medians["bare start"],
        }
        for name, values in seconds.items()
    ]


def _project(path: Path) -> None:
    path.mkdir()
    for part in PARTS:
        (path / part).symlink_to(ROOT / part)
    (path / "config").mkdir()
    (path / "config/sources.yaml").symlink_to(ROOT / "config/sources.yaml")


def _configure(path: Path, grid_size: int) -> None:
    """One run of the digits as configured, trained for less long, which does not matter here."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    digits = config["datasets"]["digits"] | {"latent_dim": 2, "epochs": 2}
    digits["figures"] = {"grid_size": grid_size}
    text = yaml.safe_dump({"datasets": {"digits": digits}})
    (path / "config/config.yaml").write_text(text, encoding="utf-8")


def _snakemake(path: Path, *targets: str) -> float:
    """Wall seconds of a command that succeeds."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all", "--", *targets]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=path, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - start


def main(arguments: Sequence[str]) -> None:
    """Print a line a command, and write the table."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.rebuilds", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT, help="folder for what is written")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        table = rows(measure(Path(folder), options.rounds))
    for row in table:
        print(
            f"{row['what']}: {row['seconds']:.2f} s, {row['above_bare']:+.2f} s to the bare start"
        )
    options.out.mkdir(parents=True, exist_ok=True)
    with atomic(options.out / "rebuilds.csv") as part:
        pd.DataFrame(table).to_csv(part, index=False, float_format="%.3f")


if __name__ == "__main__":
    main(sys.argv[1:])
