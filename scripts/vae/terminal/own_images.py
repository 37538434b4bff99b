"""A config for a folder of pictures, from a look at them."""

import json
import math
import re
import time
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vae.data import archives
from vae.data.archives import ArchiveError
from vae.data.image_files import UnreadableError, opened
from vae.plan import folders, loading
from vae.plan.datasets import SMALL
from vae.plan.layouts import Layout, layout
from vae.plan.runs import Settings, reserved_names
from vae.plan.sources import OwnData
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.services.listing import is_archive, is_hidden, is_sidecar, list_files
from vae.services.words import counted
from vae.training.defaults import BATCH, EPOCHS, STEPS

SAMPLE = 60  # pictures that are looked at
SIDE = 64  # pixels of an image, if pictures are larger
SCAN = 50_000_000  # pixels from which a picture is cut into tiles
LIMIT = 89_000_000  # pixels that may be in a picture without max_pixels
TILE = 512
GROUPS = (r"(patient[_-]?\d+)", r"(subject[_-]?\d+)", r"(sub-[A-Za-z0-9]+)", r"(case[_-]?\d+)")

# Roughly, on two cores: images of 64x64 pixels in colour that a network trains on in a second;
# seconds to evaluate a run and to draw its figures, and for the classifier of a dataset.
RATES = {"mlp": 20_000, "resnet": 2_000}
OF_A_RUN, OF_A_DATASET = 90, 60


class Look(NamedTuple):
    """What a sample of pictures looks like.

    count: of all files. height, width: medians. pixels: of the largest one. gray: whether nearly
    all are. deep: whether most have more than 8 bits. seconds: to decode one.
    """

    count: int
    height: int
    width: int
    pixels: int
    gray: bool
    deep: bool
    seconds: float


def add(folder: str) -> tuple[str, str]:
    """Write a config for a folder, unless there is one; returns the dataset's name and a report.

    Raises UserError if there is no such folder, or no picture in it.
    """
    if not folder:
        raise UserError("Which folder? For example: make images FOLDER=~/pictures")
    path = Path(folder).expanduser().absolute()
    if not (path.is_dir() or (path.is_file() and is_archive(path))):
        raise UserError(
            f"{path} is not a folder of pictures, nor a .zip or .tar of one. Give the path of one: "
            "make images FOLDER=~/pictures"
        )
    settings = loading.load()
    if known := _known(settings, path):
        return known, (
            f"{path} is the dataset {known} already; what config/ says of it stays as it is. To "
            f"begin anew, delete config/datasets/{known}.yaml."
        )
    name = _name(path, settings)
    paths = _paths(path)
    found = layout(paths)
    paths = [file for file in paths if not found.place(file).reason]
    look = _look(path, paths)
    choices = _choices(path, paths, found, look)
    target = loading.PROJECT / f"config/datasets/{name}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic(target) as part:
        part.write_text(_text(name, path, look, choices), encoding="utf-8")
    chosen = {key: value for key, value, _ in choices}
    return name, _report(name, target, look, chosen)


def _known(settings: Settings, path: Path) -> str:
    """The dataset that has this folder; "" if none has."""
    for name, dataset in settings.datasets.items():
        own = dataset.source
        is_folder = isinstance(own, OwnData) and own.kind == "folder"
        if is_folder and Path(own.path).resolve() == path.resolve():
            return name
    return ""


def _name(path: Path, settings: Settings) -> str:
    """A name for the dataset, after the folder's, that no other one has."""
    stem = path.name.partition(".")[0] if path.is_file() else path.name
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40] or "images"
    name = name if name[0].isalpha() else f"images_{name}"
    taken = {*settings.datasets, *reserved_names()}
    numbers = (f"{name}_{number}" for number in range(2, 10_000))
    return name if name not in taken else next(n for n in numbers if n not in taken)


def _paths(path: Path) -> list[str]:
    try:
        if path.is_dir():
            found = [file.path for file in list_files(path).files]
        else:
            names = sorted({*archives.names(path)})
            found = [n for n in names if not (is_sidecar(n) or any(map(is_hidden, n.split("/"))))]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except ArchiveError as error:
        raise UserError(f"{path} cannot be read as an archive: {error}. Unpack it.") from error
    if not found:
        raise UserError(f"{path} holds no picture.")
    return found


def _look(path: Path, paths: Sequence[str]) -> Look:
    """Look at some of the pictures. Raises UserError if none of these can be read."""
    some = [paths[i] for i in np.unique(np.linspace(0, len(paths) - 1, SAMPLE).astype(int))]
    if path.is_dir():
        files = ((name, path / name) for name in some)
    else:
        files = archives.contents(path, some)
    sizes, gray, deep, reason = [], 0, 0, ""
    start = time.monotonic()
    for name, file in files:
        try:
            with opened(file, 1 << 40) as image:
                size = image.size
                many = image.mode[0] in "IF"
                image.draft("RGB", (SIDE, SIDE))
                image.thumbnail((SIDE, SIDE))
                small = np.asarray(image.convert("RGB")).astype(int)
        except UnreadableError as error:
            reason = f"{name}: {error}"
            continue
        sizes.append(size)
        deep += many
        gray += int(many or np.ptp(small, axis=2).mean() < 3)
    if not sizes:
        raise UserError(f"None of {len(some)} files in {path} is a picture, such as {reason}.")
    width, height = np.median(sizes, axis=0).astype(int).tolist()
    return Look(
        len(paths),
        height,
        width,
        max(math.prod(size) for size in sizes),
        gray=gray > 0.95 * len(sizes),
        deep=deep > len(sizes) / 2,
        seconds=(time.monotonic() - start) / len(sizes),
    )


def _choices(
    path: Path, paths: Sequence[str], found: Layout, look: Look
) -> list[tuple[str, Any, str]]:
    """Keys of the config, their values, and why."""
    place = json.dumps(str(path), ensure_ascii=False)
    choices: list[tuple[str, Any, str]] = [
        ("source", f"{{folder: {place}}}", folders.described(found))
    ]
    shape = (look.height, look.width)
    if look.height * look.width >= SCAN:
        tile = {"size": TILE, "stride": TILE}
        why = f"pictures of {look.width:,} x {look.height:,} pixels are cut into squares"
        choices.append(("tiles", json.dumps(tile).replace('"', ""), why))
        shape = (TILE, TILE)
    if look.pixels > LIMIT:
        choices.append(("max_pixels", look.pixels, "the largest one has so many"))
    size, why = _size(*shape)
    choices.append(("size", size, why))
    seen = "are gray" if look.gray else "have colours"
    choices.append(("channels", "gray" if look.gray else "rgb", f"the pictures {seen}"))
    if look.deep:
        why = "more than 8 bits: from the darkest 0.1 % of pixels to the lightest"
        choices.append(("intensity", "percentile", why))
    if "test" in found.splits.values():
        choices.append(("split_folders", "true", "the split is that of your folders"))
    else:
        choices.append(("test_share", 0.2, "this share of each class is for testing"))
    if pattern := _pattern(paths):
        why = "names say what belongs together: it lies on one side of the split"
        choices.append(("group", json.dumps(pattern), why))
    small = look.gray and max(size if isinstance(size, list) else [size]) <= SMALL
    why = "small gray images" if small else "good for pictures of any size"
    choices.append(("model", "mlp" if small else "resnet", why))
    sizes = [2, 8] if len(paths) < 200 else [2, 32]
    why = f"2 to look at as a plane, {sizes[1]} for better reconstructions; more images pay more"
    choices.append(("latent_dim", sizes, why))
    return choices


def _size(height: int, width: int) -> tuple[int | list[int], str]:
    """The size of images, for pictures of a median size."""
    about = f"they are about {width:,} x {height:,} pixels"
    if 0.75 < height / width < 1.33:
        return min(SIDE, height, width), f"{about}: nearly square; margins are cut (crop: fit)"
    scale = min(1, SIDE / min(height, width))
    step = 8 if scale < 1 else 1
    sides = [min(max(1, round(side * scale / step)) * step, 2 * SIDE) for side in (height, width)]
    return sides, f"height, width; {about}, and what differs is cut (crop: fit)"


def _pattern(paths: Sequence[str]) -> str:
    """A pattern of GROUPS that nearly all paths have, with several images for each; "" if none."""
    for pattern in GROUPS:
        found = [match[1] for path in paths if (match := re.search(pattern, path))]
        if len(found) >= 0.9 * len(paths) and 5 <= len({*found}) <= len(found) / 2:
            return pattern
    return ""


def _text(name: str, path: Path, look: Look, choices: Sequence[tuple[str, Any, str]]) -> str:
    lines = [
        f"# From a look at {counted(look.count, 'file')} by `make images`. It is yours to edit:",
        "# the same command keeps it. config/README.md describes every key.",
        "datasets:",
        f"  {name}:",
    ]
    for key, value, why in choices:
        lines += [f"    # {why}", f"    {key}: {value}"]
    if "group" not in {key for key, _, _ in choices}:
        lines += [
            "    # If several images show one patient, scene or thing, a pattern of their paths:",
            '    # group: "(patient_\\\\d+)"',
        ]
    return "\n".join(lines) + "\n"


def _report(name: str, target: Path, look: Look, chosen: Mapping[str, Any]) -> str:
    """What was written, and how long it will take."""
    height, width = chosen["size"] if isinstance(chosen["size"], list) else [chosen["size"]] * 2
    values = height * width * (1 if chosen["channels"] == "gray" else 3)
    count = look.count
    if "tiles" in chosen:
        count *= (look.height // TILE) * (look.width // TILE)
    training = max(1, round(0.8 * count))
    steps = math.ceil(training / min(max(training // 10, 1), BATCH))
    epochs = max(1, min(max(EPOCHS, math.ceil(STEPS[0] / steps)), STEPS[1] // steps))
    rate = RATES[chosen["model"]] * min(3, 64 * 64 * 3 / values)
    runs = len(chosen["latent_dim"])
    seconds = look.seconds * look.count + OF_A_DATASET
    seconds += runs * (epochs * training / rate + OF_A_RUN)
    megabytes = 2 * count * values / 1e6 + 40 * runs
    return (
        f"{target}: the dataset {name}, of {counted(count, 'image')} of {height} x {width} pixels. "
        "Look at it: each line says why.\n"
        f"It takes about {math.ceil(seconds / 60):,} minutes on two idle cores and "
        f"{math.ceil(megabytes):,} MB in results/{name}/. Ctrl-C stops it; the same command, or "
        f'"snakemake --cores 2 {name}", goes on.'
    )
