"""Datasets of a config: where their images come from, and what these depend on.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vae.plan.config import Dataset, Folder
from vae.plan.constants import constant
from vae.plan.messages import near
from vae.plan.parts import parts
from vae.plan.sources import Source
from vae.services import listing

# Formats whose pictures come in many sizes: settings of their readers, and defaults.
_PICTURES = {"size": None, "crop": "fit", "test_share": 0.2, "max_skipped": 0.05}
PICTURE_KEYS = {
    "folder": _PICTURES,
    "caltech101": _PICTURES | {"crop": "stretch", "background": False},
}


def format_of(
    dataset: Dataset, path: str, sources: Mapping[str, Source], errors: list[str]
) -> str | None:
    """The format of a dataset's raw files; None, with one more error, if there is none.

    path: of the dataset in the config.
    """
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


def default_likelihood(format: str) -> str:
    """The likelihood that suits the images of a format, gray or in colour."""
    kind = "gray" if constant(f"vae.data.sources.{format}", "CHANNELS") == 1 else "colour"
    suits = (p.name for p in parts("likelihoods").values() if p.constants["DEFAULT_FOR"] == kind)
    return next(suits)


def misplaced(dataset: Dataset, path: str, format: str) -> list[str]:
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


def preparation(dataset: Dataset, sources: Mapping[str, Source]) -> dict[str, Any]:
    """What the images of a dataset depend on: reader, its settings, and what the raw files are."""
    result = {"validation": dataset.validation} if dataset.validation else {}
    if isinstance(dataset.source, Folder):
        folder = dataset.source.path
        result |= {"format": "folder", "folder": folder, "signature": listing.signature(folder)}
    else:
        source = sources[dataset.source]
        files = source.files.items()
        result |= {
            "format": source.format,
            "checksums": {name: file.content_sha256 or file.sha256 for name, file in files},
        }
        if source.format not in PICTURE_KEYS:
            return result | {"options": {"class_names": source.class_names}}
    defaults = PICTURE_KEYS[result["format"]]
    values = {key: getattr(dataset, key) for key in defaults}
    options = {key: defaults[key] if value is None else value for key, value in values.items()}
    return result | {"options": options}


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
