"""Data of the user's own on the disk: looked at once in a process, and what changed in them.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import functools
import json
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from vae.plan.layouts import Layout, folder_of, layout_of_folders
from vae.services import listing
from vae.services.files import atomic
from vae.services.listing import File
from vae.services.words import counted


class Look(NamedTuple):
    """What planning needs of the files below a folder, or of some files; little for many files.

    signature: see `listing.signature`. folders: of each folder the number of files in it.
    """

    signature: str
    folders: Counter[str]


@functools.cache
def look(*paths: str) -> Look:
    """Look at a folder, or at files, once: what happens to them later is not seen.

    Raises OSError if the folder or a file cannot be read.
    """
    found = _files(paths)
    return Look(listing.signature(found), Counter(folder_of(file.path) for file in found))


def _files(paths: Sequence[str]) -> list[File]:
    if len(paths) == 1 and os.path.isdir(paths[0]):
        return listing.list_files(paths[0]).files
    return listing.of_files(paths)


@functools.cache
def layout_of(folder: str, class_depth: int, split_folders: bool) -> Layout:
    """What the subfolders of a folder mean.

    Raises OSError if the folder cannot be read.
    """
    return layout_of_folders(look(folder).folders, class_depth, split_folders)


def described(found: Layout) -> str:
    """What was decided about the subfolders of a folder, in a sentence."""
    parts = [f"{found.top} is the only folder, so its content counts"] if found.top else []
    if found.splits:
        names = {"": "to be split", "validation": "for validation"}
        names |= {"train": "to train on", "test": "to test with"}
        parts += [f"{name} is {names[split]}" for name, split in sorted(found.splits.items())]
    if found.classes:
        levels = "" if found.class_depth == 1 else f" of {found.class_depth} levels"
        parts.append(f"the folders{levels} are classes, {len(found.classes)} in all")
    else:
        parts.append("there are no classes")
    if found.beside:
        kept = "more than in these, and have no class" if found.keeps else "left out"
        parts.append(f"{found.beside} files beside the class folders are {kept}")
    return "; ".join(parts)


def remember(paths: Sequence[str], record: str | Path) -> None:
    """Write down which files a dataset was prepared from: their signature, then their list."""
    found = _files(paths)
    Path(record).parent.mkdir(parents=True, exist_ok=True)
    with atomic(record) as part:
        part.write_text(f"{listing.signature(found)}\n{json.dumps(found)}\n", encoding="utf-8")


def changes(paths: Sequence[str], record: str | Path) -> str:
    """What changed in files since `remember` wrote them down; "" if nothing did, or it is unknown.

    Names `snakemake --touch` if only times differ, as after a copy that does not keep them.
    """
    with suppress(OSError, ValueError, TypeError), open(record, encoding="utf-8") as file:
        if file.readline().strip() == look(*paths).signature:
            return ""
        before = {name: (size, time) for name, size, time in json.loads(file.read())}
        now = {found.path: (found.size, found.time) for found in _files(paths)}
        both = before.keys() & now.keys()
        sizes = sum(before[name][0] != now[name][0] for name in both)
        times = sum(before[name] != now[name] for name in both) - sizes
        parts = [
            counted(len(now.keys() - both), "new file"),
            f"{len(before.keys() - both):,} gone",
            f"{sizes:,} of another size",
            f"{times:,} of another time and the same size",
        ]
        text = f"since the images were prepared: {', '.join(parts)}"
        if before.keys() == now.keys() and not sizes:
            text += (
                ". A copy that does not keep times does that (cp -r, unzip, git clone). If the "
                'pictures are the same, "snakemake --touch" keeps what was built from them.'
            )
        return text
    return ""
