"""How long `snakemake -n` and a run with nothing to do take, as the number of runs grows.

python -m benchmarks.sweeps [runs ...]

Beside a Snakefile that names the same files in as many rules and does nothing else: what is above
its time is this workflow's own. Seconds are those of computing, which do not depend on what else
the machine does.
"""

import re
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks import ROOT
from vae.plan.loading import load
from vae.plan.targets import dataset_targets

NUMBERS = (10, 100, 1000)
SOURCES = ROOT / "config/sources.yaml"
RULE = r"^(?:rule|use rule \w+ as) (\w+)(?: with)?:\n((?:(?:    .*)?\n)+)"


def main(numbers: list[int], repeats: int = 3) -> None:
    """Print a table: median seconds of both, and the ratio; once for more than 100 runs."""
    print("runs    jobs    command    ours s    bare s    ratio")
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            ours, bare = Path(folder, "ours"), Path(folder, "bare")
            _project(ours, number)
            _bare(bare, ours)
            for command in ("dry run", "nothing to do"):
                if command == "nothing to do":
                    for path in (ours, bare):
                        _pretend_built(path)
                _row(number, command, ours, bare, repeats if number <= 100 else 1)


def _row(number: int, command: str, ours: Path, bare: Path, repeats: int) -> None:
    options = ["-n", "--quiet"] if command == "dry run" else ["--cores", "1", "--quiet"]
    pairs = [[_snakemake(path, *options)[0] for path in (ours, bare)] for _ in range(repeats)]
    seconds = [statistics.median(column) for column in zip(*pairs, strict=True)]
    counts = [_jobs(path) if command == "dry run" else "" for path in (ours, bare)]
    if counts[0] != counts[1]:
        raise SystemExit(f"ours has {counts[0]} jobs, the bare one {counts[1]}")
    print(
        f"{number:>4}  {counts[0]:>6}  {command:<13}  {seconds[0]:>6.1f}  {seconds[1]:>6.1f}"
        f"  {seconds[0] / seconds[1]:>6.2f}",
        flush=True,
    )


def _project(path: Path, number: int) -> None:
    """A copy of the project with one dataset and so many runs."""
    path.mkdir()
    for part in ("Snakefile", "environment.yml", "workflow", "scripts", "profiles"):
        (path / part).symlink_to(ROOT / part)
    (path / "config").mkdir()
    (path / "config/sources.yaml").symlink_to(SOURCES)
    dataset = {"source": "digits", "latent_dim": 2, "variants": [{"seed": [*range(1, number)]}]}
    (path / "config/config.yaml").write_text(yaml.safe_dump({"datasets": {"digits": dataset}}))


def _bare(path: Path, ours: Path) -> None:
    """A Snakefile of as many rules, with the same files and no code of this project."""
    path.mkdir()
    settings = load(paths=(SOURCES, ours / "config/config.yaml"))
    (path / "targets.txt").write_text("\n".join(dataset_targets(settings, "digits")))
    (path / "runs.txt").write_text("\n".join(settings.runs["digits"]))
    rules = [_bare_rule(p.read_text()) for p in sorted((ROOT / "workflow/rules").glob("*.smk"))]
    (path / "Snakefile").write_text(BARE + "\n".join(rules))


BARE = """\
targets = open("targets.txt").read().split()
runs = open("runs.txt").read().split()


wildcard_constraints:
    dataset="(?!raw/)[A-Za-z][A-Za-z0-9_]*",
    run="ld_[^/]+",


rule all:
    input: targets


"""


def _bare_rule(text: str) -> str:
    """Rules with literal inputs, outputs, logs and benchmarks, and nothing else."""
    found = []
    for name, body in re.findall(RULE, text, re.M):
        if name.startswith("download"):
            continue
        part = r"^    (input|output|log|benchmark):\n((?:        .*\n)+)"
        parts = dict(re.findall(part, body, re.M))
        files = {key: re.findall(r'"(results/[^"]+)"', part) for key, part in parts.items()}
        every = re.findall(r'runs_of\("([^"]+)"\)', parts["input"])
        inputs = [*map(repr, files["input"])]
        inputs += [f"expand('results/digits/{{run}}/{file}', run=runs)" for file in every]
        if "classifier=" in parts["input"]:
            inputs.append("'results/{dataset}/classifier.onnx'")
        lines = [f"    input: {', '.join(inputs)}"] if inputs else []
        lines += [
            f"    {key}: {', '.join(map(repr, files[key]))}"
            for key in ("output", "log", "benchmark")
            if key in files
        ]
        found.append(f"rule {name}:\n" + "\n".join(lines) + "\n    shell: 'touch {output}'\n\n")
    return "\n".join(found)


def _pretend_built(path: Path) -> None:
    """Empty files, and Snakemake's records of them."""
    for line in _snakemake(path, "--summary")[1].splitlines():
        if line.startswith("results/"):
            file = path / line.split("\t")[0]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    _snakemake(path, "--cores", "1", "--touch", "--quiet", "all")


def _snakemake(path: Path, *options: str) -> tuple[float, str]:
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *options],
        cwd=path,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime
    return seconds, done.stdout + done.stderr


def _jobs(path: Path) -> str:
    """How many jobs a dry run plans, without those that only collect."""
    text = _snakemake(path, "-n", "--quiet", "rules")[1]
    counts = dict(re.findall(r"^(\w+) +(\d+)$", text, re.M))
    return str(sum(int(n) for rule, n in counts.items() if rule not in ("total", "all")))


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]] or [*NUMBERS])
