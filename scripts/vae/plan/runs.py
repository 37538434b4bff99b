"""Runs: what a config resolves to, by dataset and by name.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import ast
import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae.plan.config import (
    RESERVED,
    ConfigError,
    Dataset,
    Folder,
    RunSettings,
    Source,
    near,
    validate,
)
from vae.services import listing

# Keys in the order in which they stand in a run's name, with the original project's abbreviations.
ABBREVIATIONS = {
    "latent_dim": "ld",
    "intermediate_dim": "id",
    "filters": "f",
    "epochs": "e",
    "batch_size": "bs",
    "model": "m",
    "likelihood": "l",
    "optimizer": "o",
    "learning_rate": "lr",
    "schedule": "sch",
    "warmup_epochs": "w",
    "beta": "beta",
    "kl_warmup_epochs": "klw",
    "conditional": "c",
    "binarize": "bin",
    "flip": "flip",
    "precision": "p",
    "xla": "xla",
    "seed": "seed",
}

MOST_RUNS = 10_000  # of a variant
NETWORK_KEYS = ("filters", "intermediate_dim")
GRAY = frozenset({"digits", "idx"})

# Formats whose pictures come in many sizes: settings of their readers, and defaults.
_PICTURES = {"size": None, "crop": "fit", "test_share": 0.2, "max_skipped": 0.05}
PICTURE_KEYS = {
    "folder": _PICTURES,
    "caltech101": _PICTURES | {"crop": "stretch", "background": False},
}


@dataclass(frozen=True)
class Run:
    """One training run: its name, and every value it depends on."""

    name: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """A checked config: datasets, sources, and the runs of each dataset, all by name."""

    datasets: dict[str, Dataset]
    sources: dict[str, Source]
    runs: dict[str, dict[str, Run]]


def resolve(config: dict[str, Any]) -> Settings:
    """Check a config and expand its runs.

    Raises ConfigError, with every error in it.
    """
    checked = validate(config)
    datasets = {name: dataset for name, dataset in checked.datasets.items() if dataset}
    errors = [] if datasets else ["datasets: none is configured, so there is nothing to do"]
    runs = {}
    for name, dataset in datasets.items():
        path = f"datasets.{name}"
        if name in RESERVED:
            errors.append(f"{path}: the workflow uses this name itself, choose another one")
        runs[name] = {}
        format = _format(dataset, path, checked.sources, errors)
        if not format:
            continue
        errors += _misplaced(dataset, path, format)
        conditional = None
        for where, run in _expand(dataset, path, format, errors):
            if run.name in runs[name]:
                errors.append(f"{where}: a second run called {run.name}; each name is one run")
            runs[name][run.name] = run
            conditional = conditional or (where if run.values["conditional"] else None)
        errors += [
            f"{path}.explorer.runs: no run is called {run!r}{near(run, runs[name])}"
            for run in dataset.explorer.runs or ()
            if run not in runs[name]
        ]
        if conditional and not _labelled(dataset):
            errors.append(
                f"{conditional}.conditional: the folder {dataset.source.folder!r} has fewer than "
                "two classes; sort its pictures into one subfolder a class, or leave this out"
            )
    if errors:
        raise ConfigError(errors)
    return Settings(datasets, checked.sources, runs)


def _format(
    dataset: Dataset, path: str, sources: dict[str, Source], errors: list[str]
) -> str | None:
    """The format of a dataset's raw files."""
    match dataset.source:
        case Folder(folder=folder) if Path(folder).expanduser().is_dir():
            return "folder"
        case Folder(folder=folder):
            errors.append(
                f"{path}.source.folder: there is no folder {folder!r} "
                f"(paths are relative to the working directory, {Path.cwd()})"
            )
        case name if name in sources:
            return sources[name].format
        case name:
            hint = near(name, sources)
            errors.append(f"{path}.source: no source is called {name!r}{hint}")
    return None


def _misplaced(dataset: Dataset, path: str, format: str) -> list[str]:
    """What is wrong with the keys that say how pictures become images."""
    keys = PICTURE_KEYS.get(format, {})
    errors = [
        f"{path}.{key}: images of the format {format} have no such setting"
        for key in sorted(set().union(*PICTURE_KEYS.values()) - set(keys))
        if getattr(dataset, key) is not None
    ]
    if keys and dataset.size is None:
        errors.append(f"{path}.size: this key is needed: pictures come in many sizes")
    return errors


def _expand(
    dataset: Dataset, path: str, format: str, errors: list[str]
) -> Iterator[tuple[str, Run]]:
    """Yield each run of a dataset, with the place in the config that it comes from."""
    base = {key: getattr(dataset, key) for key in RunSettings.model_fields}
    base["likelihood"] = base["likelihood"] or ("bernoulli" if format in GRAY else "gaussian")
    places = [(path, {})] + [
        (f"{path}.variants.{i}", {k: v for k, v in variant if v is not None})
        for i, variant in enumerate(dataset.variants)
    ]
    for where, changes in places:
        lists = {"latent_dim": dataset.latent_dim} | changes
        if (count := math.prod(map(len, lists.values()))) > MOST_RUNS:
            errors.append(f"{where}: {count:,} runs; more than {MOST_RUNS:,} cannot be planned")
            continue
        for combination in itertools.product(*lists.values()):
            changed = dict(zip(lists, combination, strict=True))
            try:
                yield where, Run(run_name(changed), _complete(base | changed))
            except ValueError as error:
                errors.append(f"{where}.{error}")
                break


def run_name(changed: dict[str, Any]) -> str:
    """Name a run by the keys that set it apart, in the order of ABBREVIATIONS."""
    return "_".join(
        f"{short}_{_plain(changed[key])}" for key, short in ABBREVIATIONS.items() if key in changed
    )


def _plain(value: Any) -> str:
    """A value as it stands in a name: 0.002, and 1 for true."""
    return f"{value:g}" if isinstance(value, float | bool) else str(value)


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    """Fill in the defaults that depend on other values; sort by key."""
    defaults = model_defaults(values["model"])
    for key in NETWORK_KEYS:
        if key in defaults:
            values[key] = defaults[key] if values[key] is None else values[key]
        elif values.pop(key) is not None:
            raise ValueError(f"{key}: the model {values['model']} has no such setting")
    if values["binarize"] != "none" and values["likelihood"] != "bernoulli":
        raise ValueError(
            f"binarize: black and white images need the likelihood bernoulli, not "
            f"{values['likelihood']}"
        )
    if values["learning_rate"] is None:
        adam = values["optimizer"] == "adam"
        values["learning_rate"] = defaults["learning_rate"] if adam else 0.001
    return dict(sorted(values.items()))


def dataset_targets(settings: Settings, name: str) -> list[str]:
    """Everything that is built for a dataset."""
    targets = [target for run in settings.runs[name].values() for target in run_targets(name, run)]
    return [*targets, f"results/{name}/comparison.png"]


def run_targets(dataset: str, run: Run) -> list[str]:
    """Everything that is built for a run."""
    figures = "latent grid samples samples_gmm reconstructions traversals history architecture"
    figures = [f"{figure}.png" for figure in figures.split()]
    if run.values["latent_dim"] == 3 and not run.values["conditional"]:
        figures.append("grid.gif")
    return [
        f"results/{dataset}/{run.name}/{file}"
        for file in [*figures, "metrics.json", "model_card.md"]
    ]


def reading(settings: Settings, name: str) -> dict[str, Any]:
    """What the images of a dataset depend on: reader, its settings, and what the raw files are."""
    dataset = settings.datasets[name]
    result = {"validation": dataset.validation} if dataset.validation else {}
    if isinstance(dataset.source, Folder):
        folder = dataset.source.path
        result |= {"format": "folder", "folder": folder, "signature": listing.signature(folder)}
    else:
        source = settings.sources[dataset.source]
        files = source.files.items()
        result |= {
            "format": source.format,
            "checksums": {name: file.content_sha256 or file.sha256 for name, file in files},
        }
        if source.format not in PICTURE_KEYS:
            return result | {"options": {"class_names": source.class_names}}
    defaults = PICTURE_KEYS[result["format"]]
    chosen = {key: getattr(dataset, key) for key in defaults}
    options = {key: defaults[key] if value is None else value for key, value in chosen.items()}
    return result | {"options": options}


def data_terms(settings: Settings, name: str) -> dict[str, str]:
    """Where the images of a dataset come from, and on what terms."""
    source = settings.datasets[name].source
    if isinstance(source, Folder):
        terms = "whatever the owner of the pictures says"
        return {"source": f"the folder {source.folder}", "licence": terms, "citation": "none"}
    known = settings.sources[source]
    return {"source": source, "licence": known.licence, "citation": known.citation}


def labelled(settings: Settings, name: str) -> bool:
    """Whether the images of a dataset are of two classes at least, as far as its files tell."""
    return _labelled(settings.datasets[name])


def _labelled(dataset: Dataset) -> bool:
    source = dataset.source
    return not isinstance(source, Folder) or len(listing.classes(source.path)) > 1


@functools.cache
def model_defaults(model: str) -> dict[str, Any]:
    """The constant DEFAULTS of a model's module: its settings and their defaults.

    Read from the source, since importing the module would import Keras.
    """
    tree = ast.parse((Path(__file__).parents[1] / "models" / f"{model}.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "DEFAULTS":
            return ast.literal_eval(node.value)
    raise AttributeError(f"models/{model}.py: no DEFAULTS")


def unknown_target(settings: Settings, dataset: str, run: str | None = None) -> str:
    """Say what to add to the config for a target that it does not name."""
    if dataset not in settings.runs:
        names = ", ".join(settings.runs)
        hint = near(dataset, settings.runs)
        return (
            f"No dataset called {dataset!r} is configured{hint} "
            f"Configured are: {names}. Add it under «datasets:» in config/config.yaml; "
            "config/README.md says how."
        )
    names = settings.runs[dataset]
    parts = (run or "").split("_")
    example = f" For example, «latent_dim: {parts[1]}»" if _is_latent_only(parts) else ""
    return (
        f"No run called {run!r} is configured for the dataset {dataset}"
        f"{near(run or '', names)} Configured are: {', '.join(names)}. "
        f"Add it to datasets.{dataset} in config/config.yaml, in latent_dim or in variants."
        + (f"{example} or a list with {parts[1]} in it gives {run}." if example else "")
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
