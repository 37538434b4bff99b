"""Runs: what a config resolves to, by dataset and by name.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import functools
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vae.plan import datasets
from vae.plan.config import Dataset
from vae.plan.messages import ConfigError, near
from vae.plan.parts import Part, parts
from vae.plan.run_settings import ABBREVIATIONS, CHOSEN, CommonSettings, RunSettings, Variant
from vae.plan.sources import OwnData, Source
from vae.plan.validation import validate

MOST_RUNS = 10_000  # of a variant
# With what is particular to a part, all that the shapes of a run's weights depend on.
SHAPE = ("model", "latent_dim", "likelihood", "prior", "conditional")

_LIBRARY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Run:
    """One training run: its name, and every value it depends on.

    second_stage: whether it gets one; anomaly: whether its scorer gets thresholds; recommended,
    on_request: see `Variant`.
    """

    name: str
    values: dict[str, Any]
    second_stage: bool = False
    anomaly: bool = False
    recommended: bool = False
    on_request: bool = False


@dataclass(frozen=True)
class Settings:
    """A checked config: datasets, sources, and the runs of each dataset, all by name.

    Of a dataset's runs, those that are recommended come first. max_cached_mb: see `Config`.
    """

    datasets: dict[str, Dataset]
    sources: dict[str, Source]
    runs: dict[str, dict[str, Run]]
    max_cached_mb: int


def resolve(config: dict[str, Any]) -> Settings:
    """Check a config and expand its runs.

    Raises ConfigError, with every error in it.
    """
    checked = validate(config)
    configured = {name: dataset for name, dataset in checked.datasets.items() if dataset}
    errors = [] if configured else ["datasets: none is configured, so there is nothing to do"]
    runs = {}
    for name, dataset in configured.items():
        path = f"datasets.{name}"
        if name in reserved_names():
            errors.append(f"{path}: the workflow uses this name itself, choose another one")
        runs[name] = {}
        source = datasets.source_of(dataset, path, checked.sources, errors)
        if not source:
            continue
        errors += datasets.misplaced(dataset, path, source.format)
        conditional = None
        for where, run in _expand(dataset, path, source, errors):
            if run.name in runs[name]:
                errors.append(f"{where}: a second run called {run.name}; each name is one run")
            runs[name][run.name] = run
            conditional = conditional or (where if run.values["conditional"] else None)
        runs[name] = dict(sorted(runs[name].items(), key=lambda item: not item[1].recommended))
        named = {"explorer": dataset.explorer.runs}
        if dataset.second_stage:
            named["second_stage"] = dataset.second_stage.runs
            runs[name] = _with_second_stages(runs[name], dataset.second_stage.runs)
        if dataset.anomaly:
            runs[name] = {
                key: replace(run, anomaly=not run.values["conditional"])
                for key, run in runs[name].items()
            }
        errors += [
            f"{path}.{key}.runs: no run is called {run!r}{near(run, runs[name])}"
            for key, selected in named.items()
            for run in selected or ()
            if run not in runs[name]
        ]
        errors += _misplaced_starts(runs[name], path)
        errors += _without_validation(runs[name], dataset, path)
        there = conditional and not datasets.unreadable(dataset, path)
        if datasets.normal_classes(dataset):
            errors += _with_normal_classes(dataset, path, conditional)
        elif there and not datasets.labelled(dataset):
            errors.append(
                f"{conditional}.conditional: the folder {dataset.source.folder!r} has fewer than "
                "two classes; sort its pictures into one subfolder a class, or leave this out"
            )
    if errors:
        raise ConfigError(errors)
    return Settings(configured, checked.sources, runs, checked.max_cached_mb)


def _misplaced_starts(runs: dict[str, Run], path: str) -> Iterator[str]:
    """What is wrong with the runs that others start from."""
    same = [*SHAPE, *sorted(set(RunSettings.model_fields) - set(CommonSettings.model_fields))]
    for run in runs.values():
        place, start = f"{path}: the run {run.name}: init_from", run.values.get("init_from")
        if start is None:
            continue
        if start not in runs:
            yield f"{place}: no run is called {start!r}{near(start, runs)}"
            continue
        other = runs[start].values
        if differ := [key for key in same if run.values.get(key) != other.get(key)]:
            yield f"{place}: {start} has other weights, since it differs in {', '.join(differ)}"
        seen = [run.name]
        while start in runs and start not in seen:
            seen.append(start)
            start = runs[start].values.get("init_from")
        if start == run.name:
            yield f"{place}: each waits for the next: {' from '.join([*seen, start])}"


def _without_validation(runs: dict[str, Run], dataset: Dataset, path: str) -> Iterator[str]:
    """Which settings go by validation images where the config says that there are none."""
    if dataset.validation != 0:
        return
    for run in runs.values():
        asked = {"keep: best": run.values["keep"] == "best"}
        asked["early_stopping"] = "early_stopping" in run.values
        for setting in (name for name, is_set in asked.items() if is_set):
            yield (
                f"{path}: the run {run.name}: {setting} goes by validation images, so validation "
                "has to be a number of training images"
            )


def _with_normal_classes(dataset: Dataset, path: str, conditional: str | None) -> Iterator[str]:
    """What does not go with a training on normal images alone.

    conditional: the place in the config of a conditional run, if there is one.
    """
    if conditional:
        yield (
            f"{conditional}.conditional: with anomaly.normal, runs are trained on normal images "
            "alone, so they can know no classes"
        )
    if dataset.second_stage:
        yield (
            f"{path}.second_stage: with anomaly.normal, runs are trained on normal images alone, "
            "and a second stage would draw images of every class"
        )
    yield from datasets.misplaced_normal_classes(dataset, path)


def _with_second_stages(runs: dict[str, Run], selected: list[str] | None) -> dict[str, Run]:
    """The same runs; those that are selected get a second stage, by default those made for one."""
    networks = parts("models")
    return {
        name: replace(
            run,
            second_stage=networks[run.values["model"]].constants.get("SECOND_STAGE", False)
            if selected is None
            else name in selected,
        )
        for name, run in runs.items()
    }


def _expand(
    dataset: Dataset, path: str, source: OwnData | Source, errors: list[str]
) -> Iterator[tuple[str, Run]]:
    """Yield each run of a dataset, with the place in the config that it comes from."""
    base = {key: getattr(dataset, key) for key in RunSettings.model_fields}
    kind = datasets.kind(dataset, source)
    defaults = {
        "likelihood": datasets.default_likelihood(source),
        "model": datasets.default_model(dataset, source),
    }
    places = [(path, Variant())]
    places += [(f"{path}.variants.{i}", variant) for i, variant in enumerate(dataset.variants)]
    for where, variant in places:
        changes = {key: getattr(variant, key) for key in RunSettings.model_fields}
        lists = {"latent_dim": dataset.latent_dim}
        lists |= {key: value for key, value in changes.items() if value is not None}
        if (count := math.prod(map(len, lists.values()))) > MOST_RUNS:
            errors.append(f"{where}: {count:,} runs; more than {MOST_RUNS:,} cannot be planned")
            continue
        if variant.name and count > 1:
            errors.append(f"{where}.name: {variant.name} is one name, and these are {count} runs")
            continue
        for combination in itertools.product(*lists.values()):
            changed = dict(zip(lists, combination, strict=True))
            values = _continued(base | changed, changed)
            values |= {key: values[key] or default for key, default in defaults.items()}
            try:
                run = Run(variant.name or run_name(changed), _complete(values, kind))
            except ValueError as error:
                errors.append(f"{where}.{error}")
                break
            marks = {"recommended": variant.recommended, "on_request": variant.on_request}
            yield where, replace(run, **marks)


def _continued(values: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """The values of a run; one that starts from another run's weights has other defaults.

    changed: those that its variant sets, all that counts if `init_from` is among them.
    """
    own = changed if "init_from" in changed else values
    if values["init_from"] is None or own.get("learning_rate") is not None:
        return values
    return values | {"learning_rate": None, "warmup_epochs": changed.get("warmup_epochs", 0.0)}


def run_name(changed: dict[str, Any]) -> str:
    """Name a run by the keys that set it apart, in the order of ABBREVIATIONS."""
    return "_".join(
        f"{short}_{_plain(changed[key])}" for key, short in ABBREVIATIONS.items() if key in changed
    )


def _plain(value: Any) -> str:
    """A value as it stands in a name: 0.002, 1 for true, null for None."""
    if value is None:
        return "null"
    return f"{value:g}" if isinstance(value, float | bool) else str(value)


def _complete(values: dict[str, Any], kind: str) -> dict[str, Any]:
    """Fill in the defaults that depend on other values; leave out what is off; sort by key.

    kind: what the images are, "gray" or "colour".
    """
    chosen = {key: parts(folder)[values[key]] for key, folder in CHOSEN.items()}
    settings = {key: s for part in chosen.values() for key, s in part.settings.items()}
    for key in sorted(set(RunSettings.model_fields) - set(CommonSettings.model_fields)):
        if key in settings:
            values[key] = settings[key]["default"] if values[key] is None else values[key]
        elif values.pop(key) is not None:
            raise ValueError(f"{key}: {_owners(key, chosen)} has no such setting")
    if values["binarize"] != "none" and not chosen["likelihood"].constants.get("BINARY"):
        fit = [part.name for part in parts("likelihoods").values() if part.constants.get("BINARY")]
        raise ValueError(
            f"binarize: black and white images need the likelihood {' or '.join(fit)}, not "
            f"{values['likelihood']}"
        )
    if kind != (needed := chosen["likelihood"].constants.get("ONLY_FOR", kind)):
        raise ValueError(
            f"likelihood: {values['likelihood']} is for {needed} images, and these are {kind}"
        )
    for key, part in chosen.items():
        if values["latent_dim"] < (least := part.constants.get("MIN_LATENT_DIM", 1)):
            raise ValueError(
                f"latent_dim: the {key} {part.name} needs at least {least}, not "
                f"{values['latent_dim']}"
            )
    model = chosen["model"]
    if values["prior"] not in (fit := model.constants.get("PRIORS", parts("priors"))):
        raise ValueError(
            f"prior: the model {model.name} takes {' or '.join(fit)}, not {values['prior']}"
        )
    if values["conditional"] and not model.constants.get("CONDITIONAL", True):
        raise ValueError(f"conditional: the model {model.name} cannot be conditional")
    return {key: value for key, value in sorted(values.items()) if value is not None}


def _owners(key: str, chosen: dict[str, Part]) -> str:
    """The chosen part of the kind that has this setting elsewhere, such as "the model mlp"."""
    for kind, folder in CHOSEN.items():
        if any(key in part.settings for part in parts(folder).values()):
            return f"the {kind} {chosen[kind].name}"
    raise LookupError(f"no part has a setting {key}")


@functools.cache
def reserved_names() -> frozenset[str]:
    """Names that rules, commands or folders of the product have, so that no dataset can."""
    project = _LIBRARY.parents[1]
    files = [project / "Snakefile", *project.glob("workflow/rules/*.smk")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    rules = re.findall(r"^(?:rule |use rule \w+ as )(\w+)", text, re.M)
    return frozenset({*rules, "raw", "logs", "status", "generate", "score", "report"})
