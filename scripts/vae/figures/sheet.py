"""What all figures share: their style, their title, how they become files.

Without pyplot: no global state, no display, and a second less to import. Lengths are in pixels.
"""

import logging
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from vae.figures.colours import COLOURS
from vae.figures.text import FONTS
from vae.figures.text import width as width_of
from vae.figures.tiles import ROOM, mosaic
from vae.services.files import atomic

logger = logging.getLogger(__name__)

DPI = 150
LONGEST = 1500  # side of a figure
CHARACTER = 10.2  # width of a letter of 9 points, on average
HEAD, FOOT, LEFT, RIGHT = 104, 84, 116, 28
GUTTER = 56  # between groups of images

BLUE, ORANGE = COLOURS[0], COLOURS[6]
INK, GRAY, PALE = "#262626", "#707070", "#d8d8d8"

# Whatever a matplotlibrc of the user's says. Only the backend is not a default.
_DEFAULTS = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"}

styled = mpl.rc_context(
    _DEFAULTS
    | {
        "axes.axisbelow": True,
        "axes.edgecolor": GRAY,
        "axes.labelcolor": INK,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": "medium",
        "font.family": FONTS,  # the list itself, which grows with the names of classes
        "font.size": 9,
        "grid.color": PALE,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": GRAY,
        "xtick.labelsize": "small",
        "ytick.color": GRAY,
        "ytick.labelsize": "small",
    }
)


@styled
def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG: the same bytes for the same arrays."""
    with atomic(path) as part:
        _draw(figure).save(part, optimize=True, dpi=(DPI, DPI))


@styled
def save_animation(figures: Iterable[Figure], path: str | Path, seconds: float = 0.15) -> None:
    """Write figures of one size as a GIF that goes there and back for ever, `seconds` each."""
    images = (_draw(figure) for figure in figures)
    frames = [image.quantize(32 if image.mode == "L" else 128, dither=0) for image in images]
    frames += frames[-2:0:-1]
    with atomic(path) as part:
        frames[0].save(
            part, save_all=True, append_images=frames[1:], duration=round(1000 * seconds), loop=0
        )


def sheet(
    width: float, height: float, headline: str, title: str, layout: str | None = None
) -> Figure:
    """An empty figure with two lines of title, scaled down where it would be too long."""
    width = max(width, 760)
    dpi = DPI * min(1, LONGEST / max(width, height))
    figure = Figure((width / DPI, height / DPI), dpi=dpi, layout=layout)
    if layout:
        figure.get_layout_engine().set(rect=(0.01, 0, 0.98, 1 - HEAD / height))
    figure.text(RIGHT / width, 1 - 24 / height, headline, size=13, weight="bold", va="top")
    size = 9 * min(1, (width - 2 * RIGHT) / (width_of(title) * CHARACTER))
    figure.text(RIGHT / width, 1 - 62 / height, title, color=GRAY, va="top", size=size)
    return figure


def box(
    figure: Figure, left: float, top: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """A box given from the top left corner, as shares of the figure from the bottom left one."""
    whole_width, whole_height = figure.get_size_inches() * DPI
    bottom = whole_height - top - height
    return left / whole_width, bottom / whole_height, width / whole_width, height / whole_height


def place(figure: Figure, picture: np.ndarray, left: int, top: int) -> Axes:
    """Draw a picture pixel by pixel; the axes that lie over it count its pixels."""
    height, width, _ = picture.shape
    figure.figimage(picture, left, round(figure.get_figheight() * DPI) - top - height)
    axes = figure.add_axes(box(figure, left, top, width, height), facecolor="none")
    axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return axes


def blocks(images: np.ndarray, rows: list[str], headline: str, title: str) -> Figure:
    """Blocks of images below one another, each with a label for each of its rows.

    images: [B, R, C, H, W, K], uint8 or in [0, 1]; rows: the labels, [R].
    """
    left, gutter = 168, 28
    room = (LONGEST - HEAD - RIGHT) // len(images) - gutter
    pictures = [mosaic(block, (room, ROOM)) for block in images]
    height, width, _ = pictures[0].shape
    figure = sheet(
        left + width + RIGHT,
        HEAD + len(images) * (height + gutter) - gutter + RIGHT,
        headline,
        title,
    )
    middles = (np.arange(len(rows)) + 0.5) * height / len(rows)
    for i, picture in enumerate(pictures):
        axes = place(figure, picture, left, HEAD + i * (height + gutter))
        axes.set_yticks(middles, rows)
    return figure


def album(picture: np.ndarray, headline: str, title: str, rows: Sequence[str] = ()) -> Figure:
    """A figure of one picture without axes; rows: names of its rows, if they have any."""
    height, width, _ = picture.shape
    left = LEFT + 8 * max(0, max(map(width_of, rows)) - 6) if rows else RIGHT
    figure = sheet(left + width + RIGHT, HEAD + height + RIGHT, headline, title)
    axes = place(figure, picture, left, HEAD)
    axes.set_yticks((np.arange(len(rows)) + 0.5) * height / max(len(rows), 1), rows)
    return figure


def mark_cells(axis: Axis, values: np.ndarray, name: str) -> None:
    """Write some of the values [n] of a grid at the middles of its cells."""
    n = len(values)
    length = max(axis.get_view_interval())
    most = 6 if length > 600 else 4
    cells = np.unique(np.rint(np.linspace(0, n - 1, most - n % 2)).astype(int))
    axis.set_ticks((cells + 0.5) * length / n, [number(value) for value in values[cells]])
    axis.set_label_text(name)


def limits(values: np.ndarray, least: float = 0.1, share: float = 0.05) -> tuple[float, float]:
    """Limits of an axis for values without a natural zero, such as log-likelihoods.

    It spans at least `least` and this share of the largest value, so that differences which are
    small beside the values look small: noise is no result. NaN and infinity do not count.
    """
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    reach = 0.58 * max(high - low, least, share * max(abs(low), abs(high)))
    return (low + high) / 2 - reach, (low + high) / 2 + reach


def number(value: float, digits: int = 2) -> str:
    """A number with so many decimals and a real minus sign."""
    return f"{value:z.{digits}f}".replace("-", "−")


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is short."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _draw(figure: Figure) -> Image.Image:
    """A figure as an image, gray where it has no colours."""
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", "Glyph .* missing")
        canvas.draw()
    for message in {str(warning.message) for warning in caught}:
        logger.warning("%s", message)
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    is_gray = (pixels == pixels[..., :1]).all()
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if is_gray else pixels))
