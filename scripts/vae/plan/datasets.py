"""Datasets of a config: where their images come from, and what these depend on.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vae.plan.config import Dataset, Folder, SourceSettings
from vae.plan.messages import near
from vae.plan.parts import default, parts
from vae.plan.sources import Source, formats
from vae.services import listing

_FOLDER = formats("folder")[0]


def format_of(
    dataset: Dataset, path: str, sources: Mapping[str, Source], errors: list[str]
) -> str | None:
    """The format of a dataset's raw files; None, with one more error, if there is none.

    path: of the dataset in the config.
    """
    match dataset.source:
        case Folder():
            return _FOLDER
        case name if name in sources:
            return sources[name].format
        case name:
            hint = near(name, sources)
            errors.append(f"{path}.source: no source is called {name!r}{hint}")
    return None


def unreadable(dataset: Dataset, path: str) -> str:
    """What is wrong with the folder that a dataset is in, such as a disk that is not mounted.

    No mistake in the config: other datasets can be built without it.
    """
    if not isinstance(dataset.source, Folder):
        return ""
    folder = dataset.source.folder
    if not os.path.isdir(dataset.source.path):
        return (
            f"{path}.source.folder: there is no folder {folder!r} (paths are relative to the "
            f"working directory, {Path.cwd()}). If it is on another disk, mount that; other "
            "datasets can be built without it."
        )
    if not os.access(dataset.source.path, os.R_OK | os.X_OK):
        return f"{path}.source.folder: you may not read the folder {folder!r}."
    return ""


def kind(format: str) -> str:
    """What the images of a format are: "gray" or "colour"."""
    channels = parts("data/sources")[format].constants["CHANNELS"]
    return "gray" if channels == 1 else "colour"


def default_likelihood(kind: str) -> str:
    """The likelihood that suits gray images or images in colour."""
    suits = (
        p.name for p in parts("likelihoods").values() if p.constants.get("DEFAULT_FOR") == kind
    )
    return next(suits)


def misplaced(dataset: Dataset, path: str, format: str) -> list[str]:
    """What is wrong with the keys that say how raw data become images."""
    stated = parts("data/sources")[format].settings
    errors = [
        f"{path}.{key}: images of the format {format} have no such setting"
        for key in SourceSettings.model_fields
        if key not in stated and getattr(dataset, key) is not None
    ]
    errors += [
        f"{path}.{key}: this key is needed for images of the format {format}"
        for key, setting in stated.items()
        if setting.get("required") and getattr(dataset, key) is None
    ]
    return errors


def source_settings(format: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a format: those that are chosen, else its defaults; sorted by key."""
    stated = sorted(parts("data/sources")[format].settings.items())
    values = {key: default(setting) for key, setting in stated}
    return values | {k: v for k, v in chosen.items() if k in values and v is not None}


def workers(format: str) -> int:
    """How many processes the reader of a format can use."""
    return parts("data/sources")[format].constants.get("WORKERS", 1)


def preparation(dataset: Dataset, sources: Mapping[str, Source]) -> dict[str, Any]:
    """What the images of a dataset depend on: reader, its settings, and what the raw files are."""
    result = {"validation": dataset.validation} if dataset.validation else {}
    if isinstance(dataset.source, Folder):
        folder = dataset.source.path
        format, class_names = _FOLDER, []
        result |= {"folder": folder, "signature": listing.signature(folder)}
    else:
        source = sources[dataset.source]
        format, class_names = source.format, source.class_names
        files = source.files.items()
        result["checksums"] = {name: file.content_sha256 or file.sha256 for name, file in files}
    settings = source_settings(format, dict(dataset))
    return result | {"format": format, "settings": settings, "class_names": class_names}


def data_terms(dataset: Dataset, sources: Mapping[str, Source]) -> dict[str, str]:
    """Where the images of a dataset come from, and on what terms."""
    if isinstance(dataset.source, Folder):
        terms = "whatever the owner of the pictures says"
        return {"source": f"the folder {dataset.source.folder}", "licence": terms} | {
            "citation": "none"
        }
    source = sources[dataset.source]
    return {"source": dataset.source, "licence": source.licence, "citation": source.citation}


def labelled(dataset: Dataset) -> bool:
    """Whether the images of a dataset are of at least two classes, as far as its files say."""
    source = dataset.source
    return not isinstance(source, Folder) or len(listing.classes(source.path)) > 1
