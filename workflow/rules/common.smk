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


def source_of(wildcards):
    """The source of a dataset, by its name."""
    return settings.sources[dataset_of(wildcards).source]


def raw_files(wildcards):
    """The raw files of a dataset.

    Ancient: a raw file is known by its checksum, whatever its date.
    """
    name = dataset_of(wildcards).source
    return [
        ancient(f"results/raw/{name}/{file}") for file in source_of(wildcards).files
    ]


def reading(wildcards):
    """What the images of a dataset depend on: the reader, its settings, the checksums."""
    source = source_of(wildcards)
    return {
        "checksums": {
            name: file.content_sha256 or file.sha256
            for name, file in source.files.items()
        },
        "class_names": source.class_names,
        "format": source.format,
    }


def train_code(wildcards):
    """Fingerprint of what trains a run: the network of another run is not in it."""
    model = run_values(wildcards)["model"]
    return fingerprint("train", f"scripts.vae.models.{model}")


def figure_settings(*keys):
    """A function of wildcards: those of the dataset's figure settings that a figure depends on."""
    return lambda wildcards: dataset_of(wildcards).figures.model_dump(include=set(keys))


def run_seed(wildcards):
    return run_values(wildcards)["seed"]


def labels(figure):
    """A function of wildcards: what tells a figure from others in the report."""
    return lambda wildcards: {
        "latent size": str(run_values(wildcards)["latent_dim"]),
        "figure": figure,
    }


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
