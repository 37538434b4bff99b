"""The tables of docs/benchmarks.md, from what the benchmarks wrote.

python -m benchmarks.tables [docs/benchmarks]
"""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import OUT
from benchmarks.cases import ENGINES, TORCH


def markdown(folder: Path) -> str:
    """A paragraph on the machine and a table for each file that there is."""
    parts = []
    facts = folder / "training.json"
    if facts.exists():
        parts.append(machine(json.loads(facts.read_text(encoding="utf-8"))))
    tables: dict[str, Iterable[Callable[[pd.DataFrame], str]]] = {
        "training": (summary, engines),
        "parity": (parity,),
        "rebuilds": (rebuilds,),
        "resizing": (resizing,),
        "memory": (memory,),
        "thumbnails": (thumbnails,),
    }
    for name, functions in tables.items():
        path = folder / f"{name}.csv"
        if path.exists():
            rows = pd.read_csv(path)
            parts += [function(rows) for function in functions]
    return "\n\n".join(parts)


def machine(facts: dict[str, Any]) -> str:
    """One sentence."""
    return (
        f"{facts['processor']} ({', '.join(facts['instructions']) or 'no wide vectors'}), "
        f"{facts['cores']} cores, {facts['memory_gb']:.0f} GB, {facts['system']}, Python "
        f"{facts['python']}; {facts['threads']} threads, medians of {facts['rounds']} rounds."
    )


def summary(rows: pd.DataFrame) -> str:
    """A row a case: ours, and how many times as fast it is as the others."""
    lines = []
    for case, panel in rows.groupby("case", sort=False):
        panel = panel.set_index("engine")
        if "ours" not in panel.index:
            continue
        ours = panel.loc["ours"]
        torch = panel.loc[[engine for engine in TORCH if engine in panel.index]]
        best = torch["images_per_second"].idxmax() if len(torch) else ""
        lines.append(
            [
                f"`{case}`",
                f"{ours['images_per_second']:,.0f}",
                _figure(panel, "port", "ratio"),
                _over_fastest(ours, panel, "port"),
                *(_figure(panel, engine, "ratio") for engine in (best, "port_jax")),
                ENGINES[best].title.removeprefix("PyTorch, ") if best else "",
                *(_number(ours[f"share_of_{kind}"], 2) for kind in ("float32", "bfloat16")),
                _number(ours["peak_memory_mb"], 0),
                _figure(panel, "port", "memory_ratio"),
            ]
        )
    head = [
        *("case", "images/s", "× the straight port", "× its fastest round"),
        *("× PyTorch's best", "× Keras on JAX"),
        *("PyTorch's best", "of the float32 limit", "of the bfloat16 limit"),
        *("peak memory, MB", "× the port's memory"),
    ]
    return _table(head, lines)


def engines(rows: pd.DataFrame) -> str:
    """A row an engine and case."""
    lines = [
        [
            f"`{row['case']}`",
            ENGINES[row["engine"]].title,
            _number(row["images_per_second"], 0),
            f"{row['lowest']:,.0f} to {row['highest']:,.0f}",
            _number(row["ratio"], 2),
            _number(row["gflops_per_second"], 0),
            _number(row["peak_memory_mb"], 0),
        ]
        for _, row in rows.iterrows()
    ]
    head = ["case", "engine", "images/s", "range", "ours is × as fast", "GFLOP/s"]
    return _table([*head, "peak memory, MB"], lines)


def parity(rows: pd.DataFrame) -> str:
    """A row a seed, a column an engine."""
    known = ("dataset", "model", "latent_dim", "batch_size", "epochs", "seed")
    names = [name for name in rows if name not in known]
    lines = [
        [*(str(row[key]) for key in known), *(_number(row[name], 2) for name in names)]
        for _, row in rows.iterrows()
    ]
    return _table([*known, *(f"−ELBO, {name}" for name in names)], lines)


def rebuilds(rows: pd.DataFrame) -> str:
    """A row a command."""
    lines = [
        [
            row["what"],
            _number(row["seconds"], 2),
            f"{_number(row['lowest'], 2)} to {_number(row['highest'], 2)}",
            _number(row["above_bare"], 2),
        ]
        for _, row in rows.iterrows()
    ]
    return _table(["command", "seconds", "range", "above the bare start"], lines)


def resizing(rows: pd.DataFrame) -> str:
    """Pictures a second, and memory."""
    lines = [
        [
            f"{row['size']} pixels, {row['cores']} cores, {row['pictures']}",
            _number(row["plain_per_second"], 0),
            _number(row["ours_per_second"], 0),
            _number(row["ratio"], 2),
            f"{row['peak_above_start_mb']:.0f} for {row['images_mb']:.0f} of images",
        ]
        for _, row in rows.iterrows()
    ]
    head = ["pictures", "plain loop, pictures/s", "ours", "ratio", "peak memory, MB"]
    return _table(head, lines)


def memory(rows: pd.DataFrame) -> str:
    """A row a rule, a column a number of images."""
    panel = rows.pivot_table("peak_mb", "rule", "images", sort=False)
    fewest, most = panel.columns[[0, -1]]
    more = (panel[most] - 1.1 * panel[fewest]) * 1e6 / most
    lines = [
        [f"`{rule}`", *(_number(peak, 0) for peak in panel.loc[rule]), _number(more[rule], 0)]
        for rule in panel.index
    ]
    numbers = [f"{number:,} images, MB" for number in panel.columns]
    return _table(["rule", *numbers, "above 1.1 × the fewest, bytes an image"], lines)


def thumbnails(rows: pd.DataFrame) -> str:
    """A row for each pair of gaps: PSNR, at worst and of nine in ten, and time at 92 pixels."""
    kinds = rows["pictures"].unique()
    head = [f"{kind}, {size}" for kind in kinds for size in rows["size"].unique()]
    lines = []
    for gaps, panel in rows.groupby(["draft_gap", "reducing_gap"], sort=False):
        panel = panel.set_index(["pictures", "size"])
        lines.append(
            [
                *(_number(gap, 0).replace("inf", "off") for gap in gaps),
                *(f"{row['worst']:.1f}, {row['nine_in_ten']:.1f}" for _, row in panel.iterrows()),
                *(_number(panel.loc[(kind, 92), "milliseconds"], 2) for kind in kinds),
            ]
        )
    head = ["draft gap", "reducing gap", *head, *(f"ms, {kind}, 92" for kind in kinds)]
    return _table(head, lines)


def _figure(panel: pd.DataFrame, engine: str, column: str) -> str:
    return _number(panel.loc[engine, column], 2) if engine in panel.index else ""


def _over_fastest(ours: pd.Series, panel: pd.DataFrame, engine: str) -> str:
    if engine not in panel.index:
        return ""
    return _number(ours["images_per_second"] / panel.loc[engine, "highest"], 2)


def _number(value: float, decimals: int) -> str:
    return "" if pd.isna(value) else f"{value:,.{decimals}f}".replace("-", "−")


def _table(head: list[str], lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


if __name__ == "__main__":
    print(markdown(Path(sys.argv[1]) if sys.argv[1:] else OUT))
