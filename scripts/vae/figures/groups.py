"""Points that a figure tells apart: by class, each with a name and a colour."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from vae.figures.colours import COLOURS
from vae.figures.sheet import BLUE, PALE
from vae.services.words import counted

CHOOSE = "\n(choose by figures: {classes: [...]})"


class Group(NamedTuple):
    """Points that a figure tells apart: their name, their colour, and which they are, bool [N]."""

    name: str
    colour: str
    members: np.ndarray


def by_class(
    labels: np.ndarray, class_names: tuple[str, ...], chosen: list[int] | None
) -> list[Group]:
    """A group for each class, at most for as many as there are colours, and one for the rest.

    chosen: the classes that are to have groups, by default the largest. The rest comes first, so
    that it lies below. Without labels all points are one group.
    """
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    if len(classes) == 0:
        return [Group("", BLUE, labels < 0)]
    if chosen is None:
        chosen = classes[np.argsort(-counts, kind="stable")[: len(COLOURS)]]
    shown = np.intersect1d(chosen, classes)
    few = classes[-1] < len(COLOURS)
    groups = [
        Group(
            class_names[index] if class_names else str(index),
            COLOURS[index if few else i],
            labels == index,
        )
        for i, index in enumerate(shown)
    ]
    rest = ~np.isin(labels, shown)
    others = len(classes) - len(shown)
    if rest.any():
        name = f"{counted(others, 'other class', 'other classes')}{CHOOSE}"
        groups.insert(0, Group(name if others else "no label", PALE, rest))
    return groups


def points(groups: list[Group]) -> tuple[float, np.ndarray, np.ndarray]:
    """Area of a point, colour of each, and an order to draw them in that favours no class."""
    n = len(groups[0].members)
    colours = np.empty(n, dtype="U7")
    below = np.zeros(n, bool)
    for group in groups:
        colours[group.members] = group.colour
        below |= group.members & (group.colour == PALE)
    order = np.random.default_rng(0).permutation(n)
    order = order[np.argsort(~below[order], kind="stable")]
    return float(np.clip(40_000 / n, 8, 36)), colours[order], order


def write_names(axes: Axes, xy: np.ndarray, groups: list[Group]) -> None:
    """Write the name of a group at its median, as far as names are short and stay apart."""
    apart = 0.04 * np.ptp(xy, axis=0).max()
    taken: list[np.ndarray] = []
    for group in groups:
        middle = np.median(xy[group.members], axis=0)
        free = all(np.abs(middle - other).max() > apart for other in taken)
        if group.colour != PALE and len(group.name) < 3 and free:
            taken.append(middle)
            axes.text(
                *middle,
                group.name,
                weight="bold",
                ha="center",
                va="center",
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )


def legend(axes: Axes, groups: list[Group], title: str = "class") -> None:
    """Name the groups to the right of the axes; a single one needs no name."""
    if len(groups) == 1:
        return
    marks = [
        Line2D([], [], marker="o", linestyle="", color=group.colour, label=group.name)
        for group in sorted(groups, key=lambda group: group.colour == PALE)
    ]
    axes.legend(handles=marks, title=title, loc="center left", bbox_to_anchor=(1.01, 0.5))
