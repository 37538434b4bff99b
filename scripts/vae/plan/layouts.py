"""What the subfolders of a folder of pictures mean: splits, classes, or neither.

Shared by planning and by what reads the pictures: no NumPy, no Pillow here. Unlike the rest of
`vae.plan` it is part of the fingerprint of what reads pictures, since no parameter says what it
decides.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
SPLITS |= dict.fromkeys(("val", "valid", "validation"), "validation")
MASKS = "ground_truth"  # beside the splits of a data set of defects; no pictures to train on


class Place(NamedTuple):
    """What a picture's path means: its class and split, "" for none; or why it is not read."""

    label: str = ""
    split: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Layout:
    """What the subfolders of a folder of pictures mean.

    top: the extra folder that holds all of it, with "/" at its end; "" if there is none.
    splits: of the subfolders that are splits, which one each is: "train", "test", "validation", or
        "" if its images are still to be split.
    class_depth: how many levels of folders, below these, make the name of a class.
    beside: files beside the class folders, which have no class; keeps: whether they are read.
    classes: names, in no order.
    """

    top: str
    splits: Mapping[str, str]
    class_depth: int
    beside: int
    keeps: bool
    classes: frozenset[str]

    def is_mask(self, path: str) -> bool:
        """Whether a file, relative to the folder and with "/", is a mask of defects."""
        return bool(self.splits) and self._parts(path)[0].lower() == MASKS

    def key(self, path: str) -> str:
        """What the paths of a picture and of its mask have in common.

        "crack/1" of test/crack/1.jpg, ground_truth/crack/1_mask.png and ground_truth/crack/1.png.
        """
        name, _ = os.path.splitext(self._parts(path)[1])
        return name.removesuffix("_mask") if self.is_mask(path) else name

    def _parts(self, path: str) -> tuple[str, str]:
        """The first folder below the one on top, and the rest of a path."""
        first, _, rest = path.removeprefix(self.top).partition("/")
        return first, rest

    def place(self, path: str) -> Place:
        """What the path of a file means, relative to the folder and with "/"."""
        *folders, _ = path.removeprefix(self.top).split("/")
        if not self.splits:
            if len(folders) < self.class_depth and not self.keeps:
                return Place(reason="beside the class folders")
            return Place(_label(folders, self.class_depth))
        if not folders:
            return Place(reason="beside the folders of the splits")
        if folders[0] not in self.splits:
            return Place(reason=f"in {folders[0]}, which is not read")
        return Place(_label(folders[1:], self.class_depth), self.splits[folders[0]])


def layout(paths: Iterable[str], class_depth: int = 1, split_folders: bool = True) -> Layout:
    """What the subfolders of a folder mean, by the paths of all its files, relative and with "/".

    One folder on top of everything is skipped. Then, if `split_folders`, come the folders of
    splits: each has to have a name of SPLITS, one of them that of a training set. Without a test
    set the validation set is that; a training set alone is to be split. Then come classes.
    """
    return layout_of_folders(Counter(map(folder_of, paths)), class_depth, split_folders)


def folder_of(path: str) -> str:
    """The folder of a file, relative as its path is; "" for one in the folder itself."""
    return path.rpartition("/")[0]


def layout_of_folders(
    folders: Mapping[str, int], class_depth: int = 1, split_folders: bool = True
) -> Layout:
    """The same by the number of files in each folder."""
    first = {folder.partition("/")[0] for folder in folders}
    top = ""
    if len(first) == 1 and "" not in first:
        top = f"{first.pop()}/"
    # Of each folder, its levels below the one on top.
    levels = {
        tuple(filter(None, f"{folder}/".removeprefix(top).split("/"))): count
        for folder, count in folders.items()
    }
    splits = _splits({level[0] for level in levels if level}) if split_folders else {}
    if splits:
        below = [level[1:] for level in levels if level and level[0] in splits]
        classes = {_label(level, class_depth) for level in below}
        return Layout(top, splits, class_depth, 0, False, frozenset(classes - {""}))
    deep = sum(count for level, count in levels.items() if len(level) >= class_depth)
    beside = sum(levels.values()) - deep
    classes = frozenset(_label(level, class_depth) for level in levels) - {""}
    return Layout(top, {}, class_depth, beside if deep else 0, beside > deep, classes)


def _splits(names: set[str]) -> dict[str, str]:
    """Which split each of these folders is; empty if they are not all splits."""
    found = {name: SPLITS.get(name.lower()) for name in names if name.lower() != MASKS}
    kinds = {*found.values()}
    if None in kinds or "train" not in kinds:
        return {}
    renamed = {"train": ""} if kinds == {"train"} else {}
    renamed |= {"validation": "test"} if "test" not in kinds else {}
    return {name: renamed.get(kind, kind) for name, kind in found.items()}


def _label(folders: Sequence[str], class_depth: int) -> str:
    """The name of the class of what lies in folders below each other; "" if they are too few."""
    return "/".join(folders[:class_depth]) if len(folders) >= class_depth else ""
