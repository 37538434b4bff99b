"""Both networks of a run, layer by layer: `architecture.png`. Lengths are in pixels."""

from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from vae.figures.sheet import BLUE, DPI, GRAY, HEAD, ORANGE, RIGHT, save, sheet, styled
from vae.services import records
from vae.services.words import counted

FILES = {"architecture.png": "architecture"}
SETTINGS = {}


class _Box(NamedTuple):
    """Size of a layer's box and its distances to the next one."""

    width: int = 380
    height: int = 68
    right: int = 24
    down: int = 40


BOX = _Box()


def plot(path_to_run: str, path_to_figure: str, title: str) -> None:
    """Draw the layers that run.json records.

    Raises UserError if the file is damaged.
    """
    record = records.read(path_to_run)
    networks = record["architecture"]
    in_prior = record["parameters"] - sum(map(_parameters, networks.values()))
    save(draw(networks, in_prior, title), path_to_figure)


@styled
def draw(networks: dict[str, list[dict[str, Any]]], in_prior: int, title: str) -> Figure:
    """Both networks: the encoder downwards to the latent space, the decoder upwards from it.

    networks: the layers of "encoder" and of "decoder", each a dict of its name, type, output_shape
    (without the batch), parameters, inputs (names of layers) and detail (such as an activation).
    in_prior: parameters of a learned prior, which is not drawn; 0 of N(0, I).
    """
    sides = [_levels(networks[name]) for name in ("encoder", "decoder")]
    widths = [max(map(len, levels)) * (BOX.width + BOX.right) - BOX.right for levels in sides]
    between = 250
    bottom = HEAD + 50 + (max(map(len, sides)) - 1) * (BOX.height + BOX.down) + BOX.height / 2
    figure = sheet(
        RIGHT + widths[0] + between + widths[1] + RIGHT,
        bottom + BOX.height / 2 + RIGHT,
        "Architecture",
        f"{title}   ·   {counted(sum(map(_parameters, networks.values())), 'parameter')}"
        + (f", and {in_prior:,} of the prior" if in_prior else ""),
    )
    width, height = figure.get_size_inches() * DPI
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    centres = RIGHT + widths[0] / 2, RIGHT + widths[0] + between + widths[1] / 2
    for name, levels, centre in zip(("encoder", "decoder"), sides, centres, strict=True):
        down = name == "encoder"
        y = bottom - (BOX.height + BOX.down) * np.arange(len(levels))
        _network(axes, levels, centre, y[::-1] if down else y, down)
        axes.text(
            centre,
            y[-1] - BOX.height / 2 - 20,
            f"{name}, {counted(_parameters(networks[name]), 'parameter')}",
            ha="center",
            weight="bold",
        )
    start, end = RIGHT + widths[0], RIGHT + widths[0] + between
    _arrow(axes, (start + 8, bottom), (end - 8, bottom), linestyle=":")
    noise = "z = z_mean + σ ε\nσ = exp(z_log_var / 2)\nε from N(0, I)"
    if in_prior:
        noise += "\nthe prior maps z to N(0, I)"
    axes.text((start + end) / 2, bottom - 14, noise, color=GRAY, fontsize=8, ha="center")
    return figure


def _parameters(layers: list[dict[str, Any]]) -> int:
    return sum(layer["parameters"] for layer in layers)


def _levels(layers: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Layers by their distance to the input, counted along the longest way."""
    depth: dict[str, int] = {}
    for layer in layers:
        depth[layer["name"]] = 1 + max((depth[name] for name in layer["inputs"]), default=-1)
    return [
        [layer for layer in layers if depth[layer["name"]] == level]
        for level in range(max(depth.values()) + 1)
    ]


def _network(
    axes: Axes, levels: list[list[dict[str, Any]]], centre: float, y: np.ndarray, down: bool
) -> None:
    """Draw the boxes of a network, a level at each y, and an arrow for each input of a layer."""
    places = {
        layer["name"]: (centre + (i - (len(level) - 1) / 2) * (BOX.width + BOX.right), middle)
        for level, middle in zip(levels, y, strict=True)
        for i, layer in enumerate(level)
    }
    layers = [layer for level in levels for layer in level]
    edge = BOX.height / 2 + 4 if down else -BOX.height / 2 - 4
    used = {name for layer in layers for name in layer["inputs"]}
    for layer in layers:
        x, middle = places[layer["name"]]
        for name in layer["inputs"]:
            from_x, from_middle = places[name]
            _arrow(axes, (from_x, from_middle + edge), (x, middle - edge))
        if not layer["inputs"] or layer["name"] not in used:
            colour = ORANGE
        else:
            colour = BLUE if layer["parameters"] else GRAY
        _layer(axes, layer, x - BOX.width / 2, middle - BOX.height / 2, colour)


def _layer(axes: Axes, layer: dict[str, Any], x: float, y: float, colour: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            BOX.width,
            BOX.height,
            boxstyle="round,pad=0,rounding_size=10",
            facecolor=(*mpl.colors.to_rgb(colour), 0.12),
            edgecolor=colour,
        )
    )
    detail = layer.get("detail") or "linear"
    kind = layer["type"] + (f", {detail}" if detail != "linear" else "")
    shape = " × ".join(map(str, layer["output_shape"]))
    count = counted(layer["parameters"], "parameter") if layer["parameters"] else ""
    inset, upper, lower = 14, y + BOX.height * 0.3, y + BOX.height * 0.72
    style = {"va": "center_baseline", "fontsize": 8}
    axes.text(x + inset, upper, kind, weight="bold", **style)
    axes.text(x + BOX.width - inset, upper, layer["name"], color=GRAY, ha="right", **style)
    axes.text(x + inset, lower, shape, **style)
    axes.text(x + BOX.width - inset, lower, count, color=GRAY, ha="right", **style)


def _arrow(axes: Axes, start: tuple, end: tuple, linestyle: str = "-") -> None:
    style = {"arrowstyle": "-|>", "color": GRAY, "linestyle": linestyle, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)
