"""Where the encoder puts the test images: `latent.png`."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator

from vae.figures.groups import Group, by_class, legend, points, write_names
from vae.figures.sheet import BLUE, PALE, save, sheet, styled
from vae.figures.text import numbers, shown
from vae.latent.codes import ACTIVE_UNIT_VARIANCE, Information, load
from vae.latent.principal_components import principal_components
from vae.services.words import counted

FILES = {"latent.png": "latent space"}
SETTINGS = {
    "classes": {"type": "names", "most": 20, "default": None,
                "default_text": "the largest; rows: the first",
                "description": "classes, by name, that `latent.png` and `map.png` colour, at most "
                "20; also those in `outliers.png` and the rows of a conditional `grid.png` and of "
                "`samples_second_stage.png`"},
}  # fmt: skip


def plot(path_to_codes: str, path_to_figure: str, classes: list[str] | None, title: str) -> None:
    """Draw the latent space of a run by class, whatever its number of dimensions.

    classes: names of those that have colours; None for as many as there are colours.

    Raises UserError if the codes are damaged, or there is no such class.
    """
    codes = load(path_to_codes)
    test = codes.splits["test"]
    names = tuple(shown(codes.class_names))
    chosen = numbers(classes, codes.class_names)
    figure = draw(test.z, test.labels, names, test.information, title, chosen)
    save(figure, path_to_figure)


@styled
def draw(
    z: np.ndarray,
    labels: np.ndarray,
    class_names: tuple[str, ...],
    information: Information,
    title: str,
    classes: list[int] | None = None,
) -> Figure:
    """Where the encoder puts images, by class.

    One dimension: a histogram for each class; two: a scatter plot; three: one in space and one from
    each side; more: the first two principal components, and how much each dimension says.

    z: [N, D], codes without noise; labels: [N], -1 where there is none; classes: those that have
    colours, by default the largest.
    """
    groups = by_class(labels, class_names, classes)
    latent_dim = z.shape[1]
    height = {1: max(560, 220 + 96 * len(groups)), 2: 1160, 3: 1280}.get(latent_dim, 900)
    figure = sheet(
        1320 if latent_dim < 4 else 1480,
        height,
        "Latent space of the test images",
        f"{title}   ·   {counted(len(z), 'image')}, each at the mean of q(z|x)",
        layout="constrained",
    )
    if latent_dim == 1:
        _histograms(figure, z[:, 0], groups)
    elif latent_dim == 2:
        axes = figure.subplots()
        _scatter(axes, z, groups, "z[0]", "z[1]")
        for radius in (1, 2, 3):
            axes.add_patch(Circle((0, 0), radius, fill=False, color=PALE, zorder=0))
        write_names(axes, z, groups)
        legend(axes, groups)
    elif latent_dim == 3:
        _three_sides(figure, z, groups)
    else:
        left, right = figure.subplots(1, 2, width_ratios=(4, 3))
        components = principal_components(z, 2)
        projected = (z - components.mean) @ components.axes.T
        names = [
            f"principal component {i + 1} ({share:.0%} of variance)"
            for i, share in enumerate(components.shares)
        ]
        _scatter(left, projected, groups, *names)
        write_names(left, projected, groups)
        legend(left, groups)
        _bars(right, information, z.var(axis=0) > ACTIVE_UNIT_VARIANCE)
    return figure


def _scatter(axes: Axes, xy: np.ndarray, groups: list[Group], x_name: str, y_name: str) -> None:
    """Points [N, 2] by group, a unit as long on either axis."""
    size, colours, order = points(groups)
    axes.scatter(*xy[order].T, c=colours, s=size, alpha=0.6, linewidth=0)
    axes.update_datalim([(-1, -1), (1, 1)])  # so that codes which hardly differ look so
    axes.set_aspect("equal", "datalim")
    axes.set(xlabel=x_name, ylabel=y_name)


def _three_sides(figure: Figure, z: np.ndarray, groups: list[Group]) -> None:
    """Points [N, 3] in space, and seen along each axis: panels in a column share z[0]."""
    size, colours, order = points(groups)
    middle = (z.max(axis=0) + z.min(axis=0)) / 2
    reach = 0.53 * max(np.ptp(z, axis=0).max(), 2)
    limits = [(centre - reach, centre + reach) for centre in middle]
    for place, (a, b) in ((1, (0, 1)), (3, (0, 2)), (4, (1, 2))):
        axes = figure.add_subplot(2, 2, place, aspect="equal", xlim=limits[a], ylim=limits[b])
        axes.scatter(z[order, a], z[order, b], c=colours, s=size / 2, alpha=0.6, linewidth=0)
        axes.set(xlabel=f"z[{a}]", ylabel=f"z[{b}]")
    space = figure.add_subplot(2, 2, 2, projection="3d")
    space.scatter(*z[order].T, c=colours, s=size / 3, alpha=0.5, linewidth=0, depthshade=False)
    space.set(xlim=limits[0], ylim=limits[1], zlim=limits[2])
    space.set(xlabel="z[0]", ylabel="z[1]", zlabel="z[2]")
    space.set_box_aspect((1, 1, 1), zoom=0.88)
    for axis in (space.xaxis, space.yaxis, space.zaxis):
        axis.set_major_locator(MaxNLocator(4))
        axis.set_pane_color((1, 1, 1, 0))
    legend(space, groups)


def _histograms(figure: Figure, z: np.ndarray, groups: list[Group]) -> None:
    """The density of z [N] in each group, one above the other."""
    middle = (z.max() + z.min()) / 2
    edges = np.histogram_bin_edges(np.append(z, (middle - 1, middle + 1)), 80)
    rows = figure.subplots(len(groups), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, group in zip(rows, groups, strict=True):
        axes.hist(z[group.members], edges, density=True, color=group.colour)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        axes.set_ylabel(group.name, rotation=0, ha="right", va="center")
    rows[-1].set_xlabel("z[0]")


def _bars(axes: Axes, information: Information, active: np.ndarray) -> None:
    """What each dimension says, the most first; those that are not active are pale."""
    name, unit, amount = information
    order = np.argsort(-amount, kind="stable")
    axes.bar(range(len(amount)), amount[order], color=np.where(active[order], BLUE, PALE))
    total = f"{amount.sum():.1f} {unit}"
    axes.set_title(f"{active.sum()} of {counted(len(amount), 'dimension')} active (blue), {total}")
    axes.set_ylabel(f"{name}, {unit} an image")
    axes.set_xlabel(f"latent dimension, by {name}")
    axes.set_ylim(0, 1.05 * max(amount.max(), 0.1))
    axes.grid(axis="y")
    if len(amount) <= 24:
        axes.set_xticks(range(len(amount)), [f"z[{d}]" for d in order], rotation=90)
    else:
        axes.set_xticks([])
