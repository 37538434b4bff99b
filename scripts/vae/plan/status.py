"""Status: how far each configured run is, and results that no configured run owns.

Read off small files alone, so that it is quick and may be asked for while a workflow is on:
neither NumPy nor TensorFlow here.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae.plan import targets
from vae.plan.runs import Run, Settings
from vae.services import heartbeats, records
from vae.services.durations import clock
from vae.services.errors import UserError
from vae.services.jobs import AGAIN

SILENT = 600.0  # seconds without a sign of life, after which a training is said to be silent


@dataclass(frozen=True)
class Row:
    """A run: its state in a word, and what there is to say about it."""

    dataset: str
    run: str
    state: str
    about: str


@dataclass(frozen=True)
class Orphan:
    """A folder of results that no configured run owns, and its size in bytes."""

    path: Path
    size: int


def rows(settings: Settings, results: str | Path = "results") -> list[Row]:
    """The state of every configured run.

    done: all of its files are there; trained: its models are, pictures or figures still missing;
    training; interrupted: its process has ended, and the same command goes on; failed: the log
    says why; outdated: trained with other settings than the config now has; waiting; on request:
    begins where one of its files is asked for.
    """
    return [
        Row(name, run.name, *_state(name, run, Path(results)))
        for name in settings.runs
        for run in settings.runs[name].values()
    ]


def orphans(settings: Settings, results: str | Path = "results") -> list[Orphan]:
    """Folders of runs and of datasets that are no longer configured, with checkpoints of theirs."""
    folders = []
    for dataset in _folders(Path(results)):
        if dataset.name == "raw":
            continue
        if dataset.name not in settings.runs:
            if (dataset / "images.npz").exists() or any(dataset.glob("ld_*")):
                folders.append(dataset)
            continue
        runs = settings.runs[dataset.name]
        owned = {*runs, *(f"{name}.second_stage" for name in runs if runs[name].second_stage)}
        candidates = [*_folders(dataset), *_folders(dataset / ".checkpoints")]
        folders += [f for f in candidates if f.name.startswith("ld_") and f.name not in owned]
    return [Orphan(path, _size(path)) for path in folders]


def _state(dataset: str, run: Run, results: Path) -> tuple[str, str]:
    folder = results / dataset / run.name
    beat = heartbeats.read(folder / "logs/heartbeat.json")
    if beat and beat.alive:
        return "training", _progress(beat)
    if beat and beat.error:
        return "failed", f"{beat.error[:80]}  {folder / 'logs/train.log'}"
    if beat:
        at = f"{_epoch(beat)} on {beat.host}"
        return "interrupted", f"{at}; the same command goes on"
    record = _record(folder / "run.json")
    if not record and run.on_request:
        return "on request", ""
    if not record:
        prepared = (results / dataset / "images.npz").exists()
        log = None if prepared else _failed(results / dataset / "logs/prepare.log")
        return ("failed", str(log)) if log else ("waiting", "" if prepared else "for its images")
    if record.get("settings") != run.values:
        return "outdated", "trained with other settings than the config has now"
    files = [results.joinpath(*Path(t).parts[1:]) for t in targets.run_targets(dataset, run)]
    missing = [file for file in files if not file.exists()]
    if not missing:
        loss = record.get("final", {}).get("loss")
        parts = [] if loss is None else [f"loss {loss:.2f}"]
        evaluation = _record(folder / "metrics.json")
        if names := [*record.get("warnings", {}), *evaluation.get("warnings", {})]:
            parts.append(f"warnings: {', '.join(names)}; {folder / 'model_card.md'}")
        return "done", "  ".join(parts)
    logs = (_failed(log) for log in sorted((folder / "logs").glob("*.log")))
    if log := next(filter(None, logs), None):
        return "failed", str(log)
    return "trained", f"{len(missing)} of {len(files)} files still missing"


def _progress(beat: heartbeats.State) -> str:
    parts = [_epoch(beat)]
    if beat.loss is not None:
        parts.append(f"loss {beat.loss:.2f}")
    if beat.images_per_second:
        parts.append(f"{beat.images_per_second:,.0f} images/s")
    if beat.left is not None:
        parts.append(f"{clock(beat.left)} left")
    parts.append(f"on {beat.host}" + (f", job {beat.job}" if beat.job else ""))
    if (silent := time.time() - beat.time) > SILENT:
        parts.append(f"silent for {clock(silent)}")
    return "  ".join(parts)


def _record(path: Path) -> dict[str, Any]:
    """What a record holds; nothing where there is none, or a damaged one."""
    try:
        return records.read(path)
    except (OSError, UserError):
        return {}


def _epoch(beat: heartbeats.State) -> str:
    return f"epoch {beat.epoch}/{beat.epochs or '?'}"


def _failed(log: Path) -> Path | None:
    """The log, where its last attempt wrote a traceback: one that succeeds writes none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    last = text.rpartition(AGAIN)[-1]
    return log if "\nTraceback (most recent call last)" in f"\n{last}" else None


def _folders(path: Path) -> Iterator[Path]:
    try:
        yield from sorted(p for p in path.iterdir() if p.is_dir())
    except OSError:
        return


def _size(folder: Path) -> int:
    files = (Path(top) / name for top, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in files)
