import re
import sys
from functools import cache
from pathlib import Path

from vae.plan import datasets, figures, folders, preflight, targets
from vae.plan.config import SecondStageTraining
from vae.plan.constants import constant
from vae.plan.fingerprints import fingerprint, fingerprint_files
from vae.services import jobs

# Where results are: below the prefix that another workflow may import this one with.
results = str(workflow.modifier.path_modifier.replace_prefix("results/")).rstrip("/")
preflight.check_places([results, f"{results}/raw"])


wildcard_constraints:
    dataset="(?!raw/)[A-Za-z][A-Za-z0-9_]*",
    run="ld_[^/]+",
    source="[^/]+",
    file="[^/]+",


# Datasets that targets of this command belong to: what is wrong with others stops nothing.
asked_for = {}


def dataset_of(wildcards):
    """The configured dataset that a target belongs to.

    Exits with a helpful message if there is none, or if its folders are not there.
    """
    name = wildcards.dataset
    if name not in settings.runs:
        sys.exit(targets.unknown_target(settings, name))
    if name not in asked_for:
        dataset = settings.datasets[name]
        if problem := datasets.unreadable(dataset, f"datasets.{name}"):
            sys.exit(f"Nothing was run.\n\n  {problem}")
        folder = f"{results}/{name}"
        preflight.check_places(
            [folder, *(f"{folder}/{run}" for run in settings.runs[name])]
        )
        asked_for[name] = dataset
    return asked_for[name]


def run_values(wildcards):
    """Every value that the training of a run depends on, as one plain dict.

    Snakemake compares plain values alone, and forgets their names: hence the dict.
    """
    dataset_of(wildcards)
    configured = settings.runs[wildcards.dataset]
    if wildcards.run not in configured:
        sys.exit(targets.unknown_target(settings, wildcards.dataset, wildcards.run))
    return configured[wildcards.run].values


def raw_files(wildcards):
    """The raw files of a dataset.

    Ancient: a raw file is known by its checksum, whatever its date. A folder of pictures has none:
    its signature is in what `preparation` gives.
    """
    source = dataset_of(wildcards).source
    files = settings.sources[source].files if isinstance(source, str) else ()
    return [ancient(f"results/raw/{source}/{file}") for file in files]


def source_of_a_missing_file():
    """A pattern of the wildcard `source`, which does not match where the file is there.

    Unless the file is itself asked for: Snakemake knows no target without a rule.
    """
    there = [
        re.escape(f"{name}/{file}")
        for name, source in settings.sources.items()
        for file in source.files
        if Path(path := f"{results}/raw/{name}/{file}").exists()
        and path not in sys.argv
    ]
    return rf"(?!(?:{'|'.join(there)})$)[^/]+" if there else "[^/]+"


def known_file(wildcards):
    """Returns no input; exits with a helpful message if no source has this file."""
    source, file = wildcards.source, wildcards.file
    if source not in settings.sources or file not in settings.sources[source].files:
        sys.exit(targets.unknown_raw_file(settings, source, file))
    return []


@cache
def preparation_of(dataset):
    tell_changes(dataset)
    return datasets.preparation(settings.datasets[dataset], settings.sources)


def tell_changes(dataset):
    """Say what changed in data of one's own since a dataset was prepared from them."""
    record = f"{results}/{dataset}/logs/files.json"
    if not (workflow.is_main_process and Path(record).is_file()):
        return
    paths = settings.datasets[dataset].source.paths()
    if workflow.touch:
        folders.remember(paths, record)
    elif changes := folders.changes(paths, record):
        print(f"{dataset}, {changes}", file=sys.stderr)


@cache
def labelled(dataset):
    return datasets.labelled(settings.datasets[dataset])


def preparation(wildcards):
    """What the images of a dataset depend on, as one plain dict."""
    dataset_of(wildcards)
    return preparation_of(wildcards.dataset)


def factors(wildcards):
    """What varies in the images of a dataset, as a plain dict; empty if nobody knows."""
    return datasets.factors(dataset_of(wildcards), settings.sources)


def classifier(wildcards):
    """The network that generated images are compared by; none if images have no labels."""
    dataset_of(wildcards)
    name = wildcards.dataset
    return [f"results/{name}/classifier.onnx"] if labelled(name) else []


def prepare_code(wildcards):
    """Fingerprint of what reads a dataset: the reader of another format is not in it."""
    return fingerprint(
        "prepare", f"vae.data.sources.{preparation(wildcards)['format']}"
    )


def prepare_threads(wildcards):
    """As many as the reader can use: several if it resizes pictures, one if it only unpacks.

    Not `workflow.cores`, which is unknown on a cluster; Snakemake takes no more than there are.
    """
    return datasets.workers(preparation(wildcards)["format"])


def second_stage_settings(wildcards):
    """What the training of a run's second stage depends on, as a plain dict.

    Exits with a helpful message if the config gives this run none.
    """
    run_values(wildcards)
    configured = dataset_of(wildcards).second_stage
    if not settings.runs[wildcards.dataset][wildcards.run].second_stage:
        sys.exit(targets.no_second_stage(wildcards.dataset, wildcards.run))
    return configured.model_dump(include=set(SecondStageTraining.model_fields))


def second_stage_draws(wildcards):
    """How codes are drawn from a run's second stage, as a plain dict; empty without one."""
    run_values(wildcards)
    if not settings.runs[wildcards.dataset][wildcards.run].second_stage:
        return {}
    return dataset_of(wildcards).second_stage.model_dump(include={"guidance", "steps"})


def second_stage(wildcards):
    """The network of a run's second stage; none if it has none."""
    network = f"results/{wildcards.dataset}/{wildcards.run}/second_stage.onnx"
    return [network] if second_stage_draws(wildcards) else []


def second_stage_code(wildcards):
    """Fingerprint of what trains a second stage: the shape of a code is stated by the network."""
    network = run_values(wildcards)["model"]
    return fingerprint("train_second_stage", f"vae.models.{network}")


def weights_to_start_with(wildcards):
    """The weights of the run that this one starts from; none if it starts afresh."""
    start = run_values(wildcards).get("init_from")
    return [f"results/{wildcards.dataset}/{start}/weights.npz"] if start else []


def augmentation(wildcards):
    """How far a run's training images are changed, as a plain dict."""
    prefix, values = "augment_", run_values(wildcards)
    keys = (key for key in values if key.startswith(prefix))
    return {key.removeprefix(prefix): values[key] for key in keys}


def train_code(wildcards):
    """Fingerprint of what trains a run: the parts that other runs have are not in it."""
    run = run_values(wildcards)
    likelihood = f"vae.likelihoods.{run['likelihood']}:channels,parameters,log_prob"
    prior = f"vae.priors.{run['prior']}"
    return fingerprint("train", f"vae.models.{run['model']}", likelihood, prior)


def evaluate_code(wildcards):
    """Fingerprint of what evaluates a run: the halves of a likelihood count apart."""
    likelihood = run_values(wildcards)["likelihood"]
    numpy_half = f"vae.likelihoods.{likelihood}:log_likelihood,log_mass,excess"
    return fingerprint("evaluate", numpy_half)


def built_runs(dataset):
    """Names of the runs that a dataset's own files are made of: those that `all` builds."""
    return [run.name for run in settings.runs[dataset].values() if not run.on_request]


def scorer_settings(wildcards):
    """How a scorer smooths its error maps and finds its thresholds, as a plain dict.

    Exits with a helpful message if a run can have none.
    """
    if run_values(wildcards)["conditional"]:
        sys.exit(targets.no_scorer(wildcards.dataset, wildcards.run))
    chosen = evaluation_settings("map_sigma")(wildcards)
    if anomaly := dataset_of(wildcards).anomaly:
        chosen["anomaly"] = anomaly.model_dump(include={"contamination", "score"})
    return chosen


def has_thresholds(wildcards):
    run_values(wildcards)
    return settings.runs[wildcards.dataset][wildcards.run].anomaly


def images_for_thresholds(wildcards):
    """The images that a scorer's thresholds are found from; none if it has none."""
    name = wildcards.dataset
    return [f"results/{name}/images.npz"] if has_thresholds(wildcards) else []


def scorer_with_thresholds(wildcards):
    """The scorer of a run; exits with a helpful message if it has no thresholds."""
    scorer = f"results/{wildcards.dataset}/{wildcards.run}/scorer.onnx"
    if not has_thresholds(wildcards):
        sys.exit(targets.no_anomalies(wildcards.dataset, wildcards.run))
    return scorer


def anomalies(wildcards):
    """The anomalies that a run finds, as a table and as a record; none without thresholds."""
    folder = f"results/{wildcards.dataset}/{wildcards.run}"
    files = [f"{folder}/anomalies.parquet", f"{folder}/anomalies.json"]
    return files if has_thresholds(wildcards) else []


def scoring_code(rule):
    """A function of wildcards: the fingerprint of a rule that scores images with a likelihood."""

    def code(wildcards):
        likelihood = run_values(wildcards)["likelihood"]
        return fingerprint(rule, f"vae.likelihoods.{likelihood}:excess")

    return code


def runs_of(file):
    """A function of wildcards: one of the files of every run of the dataset."""

    def files(wildcards):
        dataset_of(wildcards)
        name = wildcards.dataset
        return [f"results/{name}/{run}/{file}" for run in built_runs(name)]

    return files


# Up to so many dimensions, figures show each of a code; of more, its principal components.
MOST_DIMENSIONS = constant("vae.latent.principal_components", "MOST_DIMENSIONS")


def codes_for_components(wildcards):
    """The codes of a run that a figure computes principal components of; none of few dimensions."""
    if run_values(wildcards)["latent_dim"] <= MOST_DIMENSIONS:
        return []
    return [f"results/{wildcards.dataset}/{wildcards.run}/codes.npz"]


def code_map(wildcards):
    """The map of a run's codes; none of codes that a plane or a space can show as they are."""
    if not figures.is_drawn("code_map", run_values(wildcards)):
        return []
    return [f"results/{wildcards.dataset}/{wildcards.run}/map.csv"]


def figure_settings(figure):
    """A function of wildcards: the dataset's figure settings that a module of figures states."""
    keys = figures.setting_keys(figure)
    return lambda wildcards: dataset_of(wildcards).figures.model_dump(include=keys)


def evaluation_settings(*keys):
    """A function of wildcards: these evaluation settings of the dataset, as a plain dict."""
    kept = set(keys)
    return lambda wildcards: dataset_of(wildcards).evaluation.model_dump(include=kept)


def recommended_runs(wildcards):
    runs = settings.runs[wildcards.dataset].values()
    return [run.name for run in runs if run.recommended]


# Titles, units and groups of metrics, as rows of plain values.
METRICS = constant("vae.evaluation.metrics", "METRICS")
REPRESENTATION_METRICS = constant("vae.evaluation.metrics", "REPRESENTATION")
SAMPLE_METRICS = constant("vae.evaluation.sample_metrics", "METRICS")


def units_of(metrics, *prefixes):
    """Units by name; of the metrics whose names begin so, if prefixes are given."""
    return {
        name: row[1] for name, row in metrics.items() if name.startswith(prefixes or "")
    }


def data_terms(wildcards):
    """Where the images of a dataset come from, and on what terms, as a plain dict."""
    return datasets.data_terms(dataset_of(wildcards), settings.sources)


def explorer_settings(wildcards):
    """How many test images the pages of a dataset carry."""
    return dataset_of(wildcards).explorer.model_dump(include={"images"})


def explored(file):
    """A function of wildcards: one of the files of every run of the dataset that has a page."""

    def files(wildcards):
        selected = dataset_of(wildcards).explorer.runs
        name = wildcards.dataset
        names = built_runs(name) if selected is None else selected
        return [f"results/{name}/{run}/{file}" for run in names]

    return files


def run_seed(wildcards):
    return run_values(wildcards)["seed"]


def each_attempt(value):
    """A resource that grows with each retry: value, 2 x value, ..."""
    return lambda wildcards, attempt: value * attempt


def training_memory(wildcards, input, attempt):
    """MB for a training, and for images.npz in the page cache, which a cluster counts as well.

    Raises FileNotFoundError before there is an images.npz; Snakemake then asks again.
    """
    cached = Path(input.images).stat().st_size // 1_000_000
    return 4000 * attempt + min(cached, settings.max_cached_mb)


def in_report(path, label=None, caption=""):
    """A result with a place in the report: its dataset and run, its latent size, its label.

    label: by default the one that the figure's module states.
    caption: the file of workflow/report/ that says what it is, by default named after the result.
    """
    label = label or figures.label(Path(path).name)
    stem = Path(path).stem
    of_a_run = "{run}" in path

    def labels(wildcards):
        size = str(run_values(wildcards)["latent_dim"]) if of_a_run else "all"
        return {"latent size": size, "figure": label}

    return report(
        path,
        caption=f"../report/{caption or stem}.rst",  # relative to the file of the rule
        category="{dataset}",
        subcategory="{run}" if of_a_run else stem,
        labels=labels,
    )
