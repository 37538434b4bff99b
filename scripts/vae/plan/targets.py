"""Targets: the files that are built for a dataset and for a run.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from vae.plan import figures
from vae.plan.messages import near
from vae.plan.runs import Run, Settings

# Of every run; scores.parquet comes with the metrics.
RECORDS = ("metrics.json", "representation.json", "sample_quality.json", "model_card.md")


def dataset_targets(settings: Settings, name: str) -> list[str]:
    """Everything that is built for a dataset: of runs on request, nothing."""
    runs = [run for run in settings.runs[name].values() if not run.on_request]
    targets = [target for run in runs for target in run_targets(name, run)]
    return [*targets, *(f"results/{name}/{file}" for file in figures.files_of_a_dataset())]


def run_targets(dataset: str, run: Run) -> list[str]:
    """Everything that is built for a run."""
    drawn = figures.files_of_a_run(run.values, run.second_stage, run.anomaly)
    files = [*drawn, *RECORDS]
    files += [] if run.values["conditional"] else ["scorer.onnx"]
    files += ["anomalies.json"] if run.anomaly else []
    return [f"results/{dataset}/{run.name}/{file}" for file in files]


def unknown_target(settings: Settings, dataset: str, run: str | None = None) -> str:
    """Say what to add to the config for a target that it does not name."""
    if dataset not in settings.runs:
        names = ", ".join(settings.runs)
        hint = near(dataset, settings.runs)
        return (
            f"No dataset called {dataset!r} is configured{hint} "
            f'Configured are: {names}. Add it under "datasets:" in config/config.yaml; '
            "config/README.md says how."
        )
    names = settings.runs[dataset]
    parts = (run or "").split("_")
    return (
        f"No run called {run!r} is configured for the dataset {dataset}"
        f"{near(run or '', names)} Configured are: {', '.join(names)}. "
        f"Add it to datasets.{dataset} in config/config.yaml, in latent_dim or in variants."
        + (
            f' For example, "latent_dim: {parts[1]}" or a list with {parts[1]} in it gives {run}.'
            if _is_latent_only(parts)
            else ""
        )
    )


def no_second_stage(dataset: str, run: str) -> str:
    """Say how a run gets a second stage, where a file of one is asked for and it has none."""
    return (
        f"The run {run} of {dataset} has no second stage. Add it in config/config.yaml: "
        f"datasets.{dataset}.second_stage: {{runs: [{run}]}}"
    )


def no_scorer(dataset: str, run: str) -> str:
    """Say why a conditional run has no scorer, and where its scores are."""
    return (
        f"The run {run} of {dataset} is conditional: how well an image fits depends on its class, "
        "which a new image does not say, so there is no scorer.onnx. The scores of its own images "
        f"are in results/{dataset}/{run}/scores.parquet."
    )


def no_anomalies(dataset: str, run: str) -> str:
    """Say how a run gets thresholds, where a file is asked for that needs them and it has none."""
    return (
        f"The scorer of the run {run} of {dataset} has no threshold. Add one in "
        f"config/config.yaml: datasets.{dataset}.anomaly: {{contamination: 0.1}}, with normal: if "
        "the images have classes; docs/anomalies.md."
    )


def unknown_raw_file(settings: Settings, source: str, file: str) -> str:
    """Say what raw files there are, for a target in results/raw/ that is none."""
    if source not in settings.sources:
        names = ", ".join(settings.sources)
        hint = near(source, settings.sources)
        return f"No source is called {source!r}{hint} config/sources.yaml has: {names}."
    names = ", ".join(settings.sources[source].files) or "no files to download"
    return f"The source {source} has no file {file!r}. It has: {names}."


def _is_latent_only(parts: list[str]) -> bool:
    return len(parts) == 2 and parts[0] == "ld" and parts[1].isdigit()
