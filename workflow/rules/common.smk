from scripts.vae.config import resolve, unknown_target
from scripts.vae.fingerprints import fingerprint

settings = resolve(config)


wildcard_constraints:
    dataset="(?!raw/)[A-Za-z][A-Za-z0-9_]*",
    run="ld_[^/]+",
    source="[^/]+",
    file="[^/]+",


def dataset_of(wildcards):
    """The configured dataset that a target belongs to."""
    if wildcards.dataset not in settings.runs:
        sys.exit(unknown_target(settings, wildcards.dataset))
    return settings.datasets[wildcards.dataset]


def run_values(wildcards):
    """Every value that the training of a run depends on, as one plain dict.

    Snakemake compares plain values alone, and forgets their names: hence the dict.
    """
    dataset_of(wildcards)
    runs = settings.runs[wildcards.dataset]
    if wildcards.run not in runs:
        sys.exit(unknown_target(settings, wildcards.dataset, wildcards.run))
    return runs[wildcards.run].values


def figure_settings(wildcards):
    """How much the pictures of a dataset show, as a plain dict."""
    return dataset_of(wildcards).figures.model_dump()


def source_of(wildcards):
    """The source of a dataset, by its name."""
    return settings.sources[dataset_of(wildcards).source]


def dataset_targets(name):
    """Everything that is built for a dataset."""
    return [
        target
        for run in settings.runs[name].values()
        for target in run_targets(name, run)
    ]


def run_targets(dataset, run):
    """Everything that is built for a run."""
    figures = ["latent", "grid", "samples", "reconstructions", "traversals"]
    figures = [f"{figure}.png" for figure in [*figures, "history", "architecture"]]
    if run.values["latent_dim"] == 3:
        figures.append("grid.gif")
    return [f"results/{dataset}/{run.name}/{figure}" for figure in figures]
