"""Runs of a dataset side by side: a row a setting, over the seeds that it was trained with."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vae.evaluation import metrics, sample_metrics
from vae.evaluation.metrics import GROUPS, Metric, baselines_of, joined
from vae.evaluation.sample_metrics import FLOOR, ORIGINS, by_full_name, full_name
from vae.services import records

# The sample metric that has a panel, with the floor as its baseline.
PANEL = full_name("frechet_distance", "mixture")


def _sample_metric(name: str, origin: str) -> Metric:
    """A metric of images from one origin, as a row of the table of metrics."""
    title, unit, better = sample_metrics.METRICS[name]
    source, compared = ORIGINS[origin]
    if origin == FLOOR:
        return Metric(source, unit, 0, "", name in compared, None)
    panel = full_name(name, FLOOR) if full_name(name, origin) == PANEL else None
    return Metric(f"{title}, {source}", unit, better, "", name in compared, panel)


TABLE = metrics.TABLE | {
    full_name(name, origin): _sample_metric(name, origin)
    for name in sample_metrics.METRICS
    for origin in ORIGINS
}
COMPARED = {name: metric for name, metric in TABLE.items() if metric.compared}


def read(
    paths_to_runs: Iterable[str | Path],
    paths_to_metrics: Iterable[str | Path],
    paths_to_representations: Iterable[str | Path],
    paths_to_qualities: Iterable[str | Path],
    path_to_baselines: str | Path,
    recommended: Sequence[str],
) -> pd.DataFrame:
    """The `table` of runs from their records, all in the same order.

    path_to_baselines: of their dataset; recommended: runs whose rows come first.

    Raises UserError if one of these files is damaged.
    """
    paths = (paths_to_runs, paths_to_metrics, paths_to_representations, paths_to_qualities)
    runs, evaluations, representations, qualities = (
        [records.read(path) for path in of_each] for of_each in paths
    )
    evaluations = list(map(joined, evaluations, representations))
    return table(runs, evaluations, qualities, records.read(path_to_baselines), recommended)


def table(
    runs: list[dict[str, Any]],
    evaluations: list[dict[str, Any]],
    qualities: list[dict[str, Any]],
    of_dataset: dict[str, Any],
    recommended: Sequence[str] = (),
) -> pd.DataFrame:
    """Compare runs by their run.json, metrics.json and sample_quality.json, in the same order.

    evaluations: with the metrics of representation.json, see `metrics.joined`. of_dataset:
    the baselines.json of their dataset. recommended: runs whose rows come first.

    Runs that differ in their seed alone share a row. Columns: `runs`, their names; `seeds`, how
    many; latent_dim and every other setting in which rows differ; `parameters`; the mean over runs
    of each metric that is compared (`seconds` are those of training), and its standard deviation
    `<metric>_sd`, NaN for a single run; `best`, the metrics in which no row is better by more than
    the larger of the two standard deviations, of rows that agree in the settings of the metric's
    group: on validation images, if all runs have metrics of those, so that test images choose
    nothing; `warnings`, what did not work in one of the runs, in a few words each; `recommended`.
    """
    settings = pd.DataFrame([record["resolved"] for record in runs], dtype=object)
    settings = settings.drop(columns="seed")
    varied = [key for key in settings if len(set(settings[key].astype(str))) > 1]
    keys = ["latent_dim", *(key for key in varied if key != "latent_dim")]
    same = [settings[key] for key in keys]
    results = [
        evaluation["metrics"]
        | baselines_of(evaluation["metrics"], record["resolved"], of_dataset)
        | by_full_name(quality)
        for record, evaluation, quality in zip(runs, evaluations, qualities, strict=True)
    ]
    rows = _over_seeds(runs, results, same)
    judged = rows
    if all("validation" in evaluation for evaluation in evaluations):
        judged = _over_seeds(runs, [e["validation"] for e in evaluations], same)
    best = {
        name: _best(judged, name, metric.better, metric.group)
        for name, metric in COMPARED.items()
        if name in judged
    }
    rows["best"] = [" ".join(name for name in best if i in best[name]) for i in rows.index]
    warned = {
        record["run"]: [*record["warnings"], *evaluation["warnings"]]
        for record, evaluation in zip(runs, evaluations, strict=True)
    }
    rows["warnings"] = [
        ", ".join(dict.fromkeys(name for run in names.split() for name in warned[run]))
        for names in rows["runs"]
    ]
    rows["recommended"] = [bool({*names.split()} & {*recommended}) for names in rows["runs"]]
    rows = rows.sort_values("recommended", ascending=False, kind="stable", ignore_index=True)
    return rows[["runs", "seeds", *keys, *(c for c in rows if c not in {"runs", "seeds", *keys})]]


def series(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of a `table` by what they have in common but latent_dim, with a name for it."""
    columns = list(rows)
    keys = columns[columns.index("latent_dim") + 1 : columns.index("parameters")]
    names = [
        ", ".join(
            ["recommended"] * row["recommended"]
            + [f"{key} {_short(row[key])}" for key in keys if pd.notna(row[key])]
        )
        for _, row in rows.iterrows()
    ]
    return list(rows.groupby(np.array(names), sort=False))  # a list of one would name a column


def _over_seeds(
    of_runs: list[dict[str, Any]],
    results: list[dict[str, Any]],
    same: list[pd.Series],
) -> pd.DataFrame:
    """A row per group of runs: names, number, size, means and standard deviations of metrics."""
    runs = pd.DataFrame(
        [
            {key: record[key] for key in ("run", "parameters", "seconds")}
            | {name: metric["value"] for name, metric in values.items() if name in COMPARED}
            for record, values in zip(of_runs, results, strict=True)
        ]
    )
    runs = runs.groupby(same, dropna=False)
    rows = runs["run"].agg(runs=" ".join, seeds="size")
    rows["parameters"] = runs["parameters"].first()
    for name in COMPARED:
        if name in runs.obj:
            rows[name], rows[f"{name}_sd"] = runs[name].mean(), runs[name].std()
    return rows.reset_index()


def _best(rows: pd.DataFrame, name: str, better: int, group: str) -> set[int]:
    """The rows than which none is better in a metric beyond the noise between seeds."""
    if not better:
        return set()
    result = set()
    for _, family in families(rows, group):
        value = (better * family[name]).dropna()
        if len(value):
            noise = family[f"{name}_sd"].fillna(0)[value.index]
            within = value.max() - value <= np.maximum(noise, noise[value.idxmax()])
            result |= set(value.index[within])
    return result


def families(rows: pd.DataFrame, group: str) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The rows that agree in the settings of a group of GROUPS."""
    keys = [key for key in GROUPS[group] if key in rows]
    if keys:
        yield from rows.groupby(keys, dropna=False)
    else:
        yield None, rows


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
