"""Runs of a dataset side by side: a row a setting, over the seeds that it was trained with."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

# What is compared, and whether more of it is better (1), less (-1), or neither.
METRICS = {
    "elbo": 1,
    "nll_importance_weighted": -1,
    "nll_exact": -1,
    "bits_per_dimension": -1,
    "kl": 0,
    "reconstruction": 0,
    "active_units": 0,
    "mse": -1,
    "psnr": 1,
    "ssim": 1,
    "pca_mse": 0,
    "pca_psnr": 0,
    "pca_ssim": 0,
    "classifier_frechet_distance_prior": -1,
    "classifier_frechet_distance_mixture": -1,
    "classifier_frechet_distance_floor": 0,
    "classifier_kernel_distance_prior": -1,
    "classifier_kernel_distance_mixture": -1,
    "classifier_precision_mixture": 1,
    "classifier_recall_mixture": 1,
    "classifier_coverage_mixture": 1,
    "classifier_classes_covered_mixture": 1,
    "seconds": 0,
}

# Where runs differ in these settings a metric means something else. A conditional run is told the
# class: which of K equal ones is worth up to log K nats.
OF_LIKELIHOODS = ("elbo", "nll_importance_weighted", "nll_exact", "bits_per_dimension")
OF_PIXELS = ("mse", "psnr", "ssim")
COMPARED_WITHIN = dict.fromkeys(OF_LIKELIHOODS, ("likelihood", "binarize", "conditional"))
COMPARED_WITHIN |= dict.fromkeys(OF_PIXELS, ("binarize",))


def table(records: list[dict[str, Any]], evaluations: list[dict[str, Any]]) -> pd.DataFrame:
    """Compare runs by their run.json and metrics.json, given in the same order.

    Runs that differ in their seed alone share a row. Columns: `runs`, their names; `seeds`, how
    many; latent_dim and every other setting in which rows differ; `parameters`; the mean over runs
    of each of METRICS (`seconds` are those of training), and its standard deviation `<metric>_sd`,
    not a number for a single run; `best`, the metrics in which no row is better
    by more than the larger of the two standard deviations, of rows that agree in what the metric is
    COMPARED_WITHIN: on validation images, where all runs have metrics of those, so that test images
    choose nothing.
    """
    settings = pd.DataFrame([record["settings"] for record in records], dtype=object)
    settings = settings.drop(columns="seed")
    varied = [key for key in settings if len(set(settings[key].astype(str))) > 1]
    keys = ["latent_dim", *(key for key in varied if key != "latent_dim")]
    groups = [settings[key] for key in keys]
    rows = _over_seeds(records, [evaluation["metrics"] for evaluation in evaluations], groups)
    judged = rows
    if all("validation" in evaluation for evaluation in evaluations):
        metrics = [evaluation["validation"] for evaluation in evaluations]
        judged = _over_seeds(records, metrics, groups)
    best = {name: _best(judged, name) for name in METRICS if name in judged}
    rows["best"] = [" ".join(name for name in best if i in best[name]) for i in rows.index]
    return rows[["runs", "seeds", *keys, *(c for c in rows if c not in {"runs", "seeds", *keys})]]


def series(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of a `table` by what they have in common but latent_dim, with a name for it."""
    columns = list(rows)
    keys = columns[columns.index("latent_dim") + 1 : columns.index("parameters")]
    names = [
        ", ".join(f"{key} {_short(row[key])}" for key in keys if pd.notna(row[key]))
        for _, row in rows.iterrows()
    ]
    return list(rows.groupby(names, sort=False))


def _over_seeds(
    records: list[dict[str, Any]], metrics: list[dict[str, Any]], groups: list[pd.Series]
) -> pd.DataFrame:
    """A row a group of runs: names, number, size, means and standard deviations of metrics."""
    runs = pd.DataFrame(
        [
            {key: record[key] for key in ("run", "parameters", "seconds")}
            | {name: metric["value"] for name, metric in values.items() if name in METRICS}
            for record, values in zip(records, metrics, strict=True)
        ]
    )
    runs = runs.groupby(groups, dropna=False)
    rows = runs["run"].agg(runs=" ".join, seeds="size")
    rows["parameters"] = runs["parameters"].first()
    for name in METRICS:
        if name in runs.obj:
            rows[name], rows[f"{name}_sd"] = runs[name].mean(), runs[name].std()
    return rows.reset_index()


def _best(rows: pd.DataFrame, name: str) -> set[int]:
    """The rows than which none is better in a metric beyond the noise between seeds."""
    if not METRICS[name]:
        return set()
    result = set()
    for _, family in _families(rows, name):
        value = (METRICS[name] * family[name]).dropna()
        if len(value):
            noise = family[f"{name}_sd"].fillna(0)[value.index]
            within = value.max() - value <= np.maximum(noise, noise[value.idxmax()])
            result |= set(value.index[within])
    return result


def _families(rows: pd.DataFrame, name: str) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The rows whose metrics can be compared with each other."""
    keys = [key for key in COMPARED_WITHIN.get(name, ()) if key in rows]
    if keys:
        yield from rows.groupby(keys, dropna=False)
    else:
        yield None, rows


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
