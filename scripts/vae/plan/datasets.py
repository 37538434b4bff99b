"""Datasets of a config: where their images come from, and what these depend on.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vae.plan import folders
from vae.plan.config import Dataset, SourceSettings
from vae.plan.layouts import Layout
from vae.plan.messages import near
from vae.plan.parts import default, parts
from vae.plan.sources import OwnData, Source
from vae.services import array_headers

SMALL = 32  # pixels on a side, up to which images are small


def source_of(
    dataset: Dataset, path: str, sources: Mapping[str, Source], errors: list[str]
) -> OwnData | Source | None:
    """Where a dataset's images come from; None, with one more error, if there is no such source.

    path: of the dataset in the config.
    """
    match dataset.source:
        case OwnData() as own:
            return own
        case name if name in sources:
            return sources[name]
        case name:
            hint = near(name, sources)
            errors.append(f"{path}.source: no source is called {name!r}{hint}")
    return None


def unreadable(dataset: Dataset, path: str) -> str:
    """What is wrong with the place of data of one's own, such as a disk that is not mounted.

    No mistake in the config: other datasets can be built without it.
    """
    own = dataset.source
    if not isinstance(own, OwnData):
        return ""
    place, kind = f"{path}.source.{own.format}", own.kind.removesuffix("s")
    name = getattr(own, own.format)
    if not own.paths():
        return (
            f"{place}: there is no {kind} {name!r} (paths are relative to the working directory, "
            f"{Path.cwd()}). If it is on another disk, mount that; other datasets can be built "
            "without it."
        )
    needed = {found: os.R_OK | (os.X_OK if os.path.isdir(found) else 0) for found in own.paths()}
    if not all(os.access(found, mode) for found, mode in needed.items()):
        return f"{place}: you may not read the {kind} {name!r}."
    taken = dataset.validation not in (0, "auto")  # only then a look at the folder
    if taken and (found := _layout(dataset)) and "validation" in found.splits.values():
        return (
            f"{path}.validation: {dataset.validation} images are to be taken from the training "
            f"images, and {name!r} has a folder of validation images. Remove the key, or set "
            "split_folders: false."
        )
    return ""


def _layout(dataset: Dataset) -> Layout | None:
    """What the subfolders of a folder mean; None for other data, archives, too."""
    own = dataset.source
    if not (isinstance(own, OwnData) and own.kind == "folder" and os.path.isdir(own.path)):
        return None
    settings = source_settings(own.format, dict(dataset))
    return folders.layout_of(own.path, settings["class_depth"], settings["split_folders"])


def kind(dataset: Dataset, source: OwnData | Source) -> str:
    """What the images of a dataset are: "gray" or "colour"."""
    return "gray" if image_shape(dataset, source)[2] == 1 else "colour"


def default_likelihood(source: OwnData | Source) -> str:
    """The likelihood that suits the images of a source.

    One for ink on paper only if the source says so, whatever the channels: a likelihood of black
    and white would rank photographs by their gray level.
    """
    if isinstance(source, Source) and source.likelihood:
        return source.likelihood
    return next(p.name for p in parts("likelihoods").values() if p.constants.get("DEFAULT"))


def default_model(dataset: Dataset, source: OwnData | Source) -> str:
    """The network that suits small gray images, or others."""
    *sides, channels = image_shape(dataset, source)
    return "mlp" if channels == 1 and max(sides) <= SMALL else "resnet"


def image_shape(dataset: Dataset, source: OwnData | Source) -> tuple[int, int, int]:
    """Height, width and channels of a dataset's images, as far as that is known before any job.

    A format without a setting for it has small images; what cannot be read counts as one pixel.
    """
    constants = parts("data/sources")[source.format].constants
    settings = source_settings(source.format, dict(dataset))
    size = settings.get("size") or 1
    height, width = size if isinstance(size, list) else (size, size)
    channels = constants.get("CHANNELS", 3)
    if isinstance(source, Source) and source.shape:
        height, width, channels = source.shape
    if constants.get("SHAPE_IN_HEADER") and isinstance(source, OwnData):
        shape = array_headers.image_shape(source.path, settings["image"])
        height, width, channels = shape or (1, 1, 1)
    if chosen := settings.get("bands"):
        channels = 3 if isinstance(chosen, list) and len(chosen) == 3 else 1
    elif chosen := settings.get("channels"):
        channels = 1 if chosen == "gray" else 3
    return height, width, channels


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
    """What the images of a dataset depend on: reader, its settings, and what the raw files are.

    Data of the user's own are known by the paths of the files within their folder, their sizes and
    their times; not by where the folder is.
    """
    result = {"validation": dataset.validation} if dataset.validation else {}
    if normal := normal_classes(dataset):
        result["normal"] = normal
    if isinstance(dataset.source, OwnData):
        format, class_names = dataset.source.format, []
        result["signature"] = folders.look(*dataset.source.paths()).signature
    else:
        source = sources[dataset.source]
        format, class_names = source.format, source.class_names
        files = source.files.items()
        result["checksums"] = {name: file.checksum for name, file in files}
    settings = source_settings(format, dict(dataset))
    return result | {"format": format, "settings": settings, "class_names": class_names}


def data_terms(dataset: Dataset, sources: Mapping[str, Source]) -> dict[str, str]:
    """Where the images of a dataset come from, and on what terms."""
    if isinstance(dataset.source, OwnData):
        terms = "whatever the owner of the images says"
        place = f"the {dataset.source.format} {dataset.source.path}"
        return {"source": place, "licence": terms, "citation": "none"}
    source = sources[dataset.source]
    return {"source": dataset.source, "licence": source.licence, "citation": source.citation}


def factors(dataset: Dataset, sources: Mapping[str, Source]) -> dict[str, str]:
    """The columns that are factors of a dataset's images, as its source's format states them.

    "class" for one whose values have no order, else "number"; empty if the format states none.
    """
    own = dataset.source
    format = own.format if isinstance(own, OwnData) else sources[own].format
    constants = parts("data/sources")[format].constants
    classes = constants.get("UNORDERED", ())
    return {name: "class" if name in classes else "number" for name in constants.get("FACTORS", ())}


def labelled(dataset: Dataset) -> bool:
    """Whether the images of a dataset may have labels that a training can learn.

    A folder without two classes has none, nor have normal images, where runs are trained on these
    alone; whether other data have any, and of how many classes, only jobs know.
    """
    found = _layout(dataset)
    return not normal_classes(dataset) and (found is None or len(found.classes) > 1)


def normal_classes(dataset: Dataset) -> list[str]:
    """The classes that alone are trained on, sorted; empty if all are."""
    normal = dataset.anomaly.normal if dataset.anomaly else None
    return sorted({*(normal or ())})


def misplaced_normal_classes(dataset: Dataset, path: str) -> list[str]:
    """What is wrong with the names of normal classes, as far as a folder shows."""
    found = _layout(dataset)
    if found is None:
        return []
    return [
        f"{path}.anomaly.normal: the folder {dataset.source.folder!r} has no class "
        f"{name!r}{near(name, found.classes)}"
        for name in normal_classes(dataset)
        if name not in found.classes
    ]
