"""How much memory each rule takes, by the number of images.

python -m benchmarks memory FOLDER [30000 300000]

Of pictures that it writes into FOLDER once: PNG files, 64x64 in colour, of which one has a name of
255 bytes. They and the results, which stay there, take up to 35 kB an image. The rules are run by
the real command: prepare, one epoch of `resnet`, and what follows up to the metrics, the scorer and
the explorer; and prepare alone, of the same pictures as arrays, a table and a Parquet file. Linux
alone says how much memory is anonymous. Writes memory.csv into `--out`.
"""

import argparse
import contextlib
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import yaml
from PIL import Image

from benchmarks import OUT, ROOT, own_sources, tables
from vae.services.files import atomic

NUMBERS = (30_000, 300_000)
CLASSES = 10
CHUNK = 500  # pictures a task
SECONDS = 0.02  # between two looks at the memory
SCRIPT = re.compile(r"\.snakemake/scripts/tmp\w+\.(\w+)\.py")
DATASET = {
    "source": {"folder": "pictures"},
    "size": 64,
    "test_share": 0.2,
    "model": "resnet",
    "latent_dim": 32,
    "epochs": 1,
    "batch_size": 256,
    "second_stage": {"epochs": 1, "runs": ["ld_32"]},
    "evaluation": {"draws": 2, "samples": 10, "images": 500},
}
TARGETS = [
    "results/generated/baselines.json",
    *(
        f"results/generated/ld_32/{file}"
        for file in (
            *("metrics.json", "representation.json", "sample_quality.json", "scorer.onnx"),
            "explorer.html",
        )
    ),
]


def write_pictures(folder: Path, count: int) -> None:
    """Write so many pictures into a new folder, which appears once it is whole."""
    part = folder.with_name(f"{folder.name}.part")
    for number in range(CLASSES):
        (part / str(number)).mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        starts = range(0, count, CHUNK)
        for _ in pool.map(partial(_write_some, part, count), starts):
            pass
    part.rename(folder)


def _write_some(folder: Path, count: int, start: int) -> None:
    rng = np.random.default_rng(start)
    for number in range(start, min(start + CHUNK, count)):
        name = f"{number:07}.png" if number else f"{number:0251}.png"
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        picture = coarse.resize((64, 64), Image.Resampling.BICUBIC)
        picture.save(folder / str(number % CLASSES) / name, compress_level=1)


def measure(folder: Path, count: int) -> dict[str, int]:
    """Build TARGETS from so many pictures, in a folder of their own; returns what `peaks` does.

    Then prepares the same pictures from each of the other sources of one's own, "prepare, table".

    Raises SystemExit if that fails.
    """
    project = _project(folder, count)
    found = peaks([*_snakemake(project, {"generated": DATASET}), "--", *TARGETS], project)
    if not (project / "pictures.npz").exists():
        own_sources.write(project)
    for name, images in own_sources.DATASETS.items():
        command = _snakemake(project, {name: {"latent_dim": 2} | images})
        result = peaks([*command, "--", f"results/{name}/images.npz"], project)
        found[f"prepare, {name}"] = result["prepare"]
        shutil.rmtree(project / "results" / name)
    return found


def _project(folder: Path, count: int) -> Path:
    """A folder with so many pictures in which the workflow can run, without results of it."""
    project = folder / str(count)
    project.mkdir(parents=True, exist_ok=True)
    if not (project / "pictures").exists():
        write_pictures(project / "pictures", count)
    (project / "results").mkdir(exist_ok=True)
    for part in ("config", "results/raw"):  # what was downloaded serves here, too
        (ROOT / part).mkdir(parents=True, exist_ok=True)
        if (project / part).is_symlink():  # maybe to another copy of the project, now gone
            (project / part).unlink()
        with contextlib.suppress(FileExistsError):
            (project / part).symlink_to(ROOT / part)
    if (project / "results/generated").exists():
        shutil.rmtree(project / "results/generated")
    return project


def _snakemake(project: Path, datasets: dict[str, dict]) -> tuple[str, ...]:
    """The command that builds targets of these datasets there."""
    overlay = yaml.safe_dump({"datasets": datasets})
    (project / "overlay.yaml").write_text(overlay, encoding="utf-8")
    options = ("--cores", "all", "--configfile", "overlay.yaml", "--quiet", "all")
    return (sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), *options)


def peaks(command: Sequence[str], folder: Path) -> dict[str, int]:
    """Run a Snakemake command in a folder; returns the highest memory of each rule, in bytes.

    That is RssAnon of the job's processes, added up; what a process shares with those that it
    forked counts for each. Snakemake itself is left out.

    Raises SystemExit if the command fails.
    """
    highest: Counter[str] = Counter()
    with psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            highest |= _memory(process)
            time.sleep(SECONDS)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} in {folder} failed")
    return dict(highest)


def _memory(process: psutil.Process) -> Counter[str]:
    """Bytes of anonymous memory by rule, now."""
    found, rules = Counter(), {}
    with contextlib.suppress(psutil.Error):
        for child in process.children(recursive=True):  # a parent before its own children
            with contextlib.suppress(psutil.Error):  # it has ended
                script = SCRIPT.search(" ".join(child.cmdline()))
                rule = script[1] if script else rules.get(child.ppid())
                if rule:
                    rules[child.pid] = rule
                    memory = child.memory_info()
                    found[rule] += memory.rss - memory.shared  # RssAnon
    return found


def main(arguments: Sequence[str]) -> None:
    """Print a line a rule and number, then the table, and write it."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks memory", description=__doc__.splitlines()[0]
    )
    parser.add_argument("folder", type=Path, help="for pictures and results")
    parser.add_argument("numbers", type=int, nargs="*", default=NUMBERS, help="of pictures")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for what is written")
    options = parser.parse_args(arguments)
    rows = []
    for number in sorted(options.numbers):
        for rule, peak in measure(options.folder.resolve(), number).items():
            print(f"{number:,} images, {rule}: {peak / 1e6:.0f} MB", flush=True)
            rows.append({"rule": rule, "images": number, "peak_mb": peak / 1e6})
    table = pd.DataFrame(rows)
    print(tables.memory(table))
    options.out.mkdir(parents=True, exist_ok=True)
    with atomic(options.out / "memory.csv") as part:
        table.to_csv(part, index=False, float_format="%.1f")


if __name__ == "__main__":
    main(sys.argv[1:])
