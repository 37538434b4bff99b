"""A page to explore one run: its decoder, its test set and what draws them, in a single file.

The sources of the page are in scripts/vae/explorer/web/; it loads nothing else, from anywhere.
"""

import base64
import html
import io
import json
import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from vae.explorer.runtime import Runtime, pack
from vae.figures.tiles import in_rows, mosaic
from vae.latent.codes import Latents
from vae.latent.mixture import Mixture

SOURCES = Path(__file__).parent / "web"
# In the order in which they become one script.
SCRIPTS = ("data", "decoder", "space", "plane", "address", "page")

# What a page may carry beside the runtime (4.9 MB) and the decoder, before base64, in bytes:
# all of it below 6 MB.
CODE_BYTES = 240_000
PICTURE_BYTES = 270_000
OTHER_BYTES = 100_000  # of components, and of the mixture
MOST_PICTURES = 2000
MOST_DIMENSIONS = 1024  # for principal components, which take a second of so many
TILE = 96  # pixels of a side, at most
LOSSLESS = 32  # pixels of a side, up to which pictures are not compressed as photographs are


def order(labels: np.ndarray) -> np.ndarray:
    """Indices [N] in random order, but one of each class, then another of each, and so on.

    So the first few show as many classes as they can.
    """
    shuffled = np.random.default_rng(0).permutation(len(labels))
    turn = np.empty(len(labels), int)
    for label in np.unique(labels):
        mine = shuffled[labels[shuffled] == label]
        turn[mine] = np.arange(len(mine))
    return shuffled[np.argsort(turn[shuffled], kind="stable")]


def content(
    run: dict[str, Any],
    latents: Latents,
    pixels: np.ndarray,
    mixture: Mixture,
    decoder: bytes,
    at_most: int,
) -> dict[str, Any]:
    """What the page knows about a run, ready for JSON.

    run: its run.json; pixels: uint8 [N, H, W, C] of the test set; decoder: its ONNX file; at_most:
    test pictures to show. As many codes and pictures as fit; the codes are rounded to a 65,000th
    of the range of their dimension, far less than q(z|x) is wide.
    """
    latent_dim = latents.z_mean.shape[1]
    chosen = order(latents.labels)[: max(1, CODE_BYTES // (2 * latent_dim))]
    codes = latents.z_mean[chosen]
    scale = np.maximum(np.abs(codes).max(axis=0), 1e-6) / 32767
    return {
        "dataset": run["dataset"],
        "run": run["run"],
        "settings": run["settings"],
        "classNames": run["class_names"],
        "shape": list(pixels.shape[1:]),
        "testImages": len(pixels),
        "latentDim": latent_dim,
        "kl": [round(value, 4) for value in np.nan_to_num(latents.kl).tolist()],
        "codes": _array(np.rint(codes / scale).astype("<i2")),
        "scale": _array(scale.astype("<f4")),
        "labels": _array(latents.labels[chosen].astype("<i2")),
        "components": _components(latents.z_mean),
        "mixture": _mixture(mixture),
        "pictures": _pictures(pixels[chosen[: min(at_most, MOST_PICTURES)]]),
        "decoder": pack(decoder),
    }


def page(known: dict[str, Any], runtime: Runtime) -> str:
    """The page of a run, from what `content` gave."""
    script = "\n".join((SOURCES / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    return fill(
        "page.html",
        TITLE=html.escape(f"{known['dataset']} · {known['run']}"),
        STYLE=(SOURCES / "page.css").read_text("utf-8"),
        RUNTIME=runtime.script,
        GLUE=runtime.glue,
        WASM=runtime.wasm,
        # In a script element only «<» could end it, or begin a comment.
        RUN=json.dumps(known, separators=(",", ":")).replace("<", r"\u003c"),
        SCRIPT=script,
    )


def card(link: str, run: dict[str, Any], images: np.ndarray) -> str:
    """A run on the page that links many: HTML.

    link: to its page, relative; run: its run.json; images: [N, H, W, C] in [0, 1].
    """
    settings = run["settings"]
    size = settings["latent_dim"]
    facts = [
        f"{size} latent dimension{'' if size == 1 else 's'}",
        f"network {settings['model']}{', conditional' if settings['conditional'] else ''}",
        f"{settings['epochs']} epochs, loss {run['final']['loss']:,.2f} nats an image",
    ]
    rows = in_rows(images, min(6, len(images)))
    gaps = mosaic(np.zeros_like(rows))[..., :1]  # white on black; they let the page through
    with io.BytesIO() as file:
        sheet = np.concatenate([mosaic(rows), 255 - gaps], axis=-1)
        Image.fromarray(sheet).save(file, "PNG", optimize=True)
        data = base64.b64encode(file.getvalue()).decode()
    lines = "".join(f'<p class="soft">{html.escape(fact)}</p>' for fact in facts)
    return (
        f'<a href="{html.escape(quote(link))}"><h2>{html.escape(run["run"])}</h2>{lines}'
        f'<img alt="Random draws" src="data:image/png;base64,{data}"></a>'
    )


def index(title: str, cards: list[str]) -> str:
    """The page that links the pages of a dataset, from what `card` gave."""
    style = (SOURCES / "page.css").read_text("utf-8")
    return fill("index.html", TITLE=html.escape(title), STYLE=style, CARDS="\n".join(cards))


def fill(template: str, **parts: str) -> str:
    """A template of the folder `web` with each @@NAME@@ replaced."""
    text = (SOURCES / template).read_text("utf-8")
    return re.sub(r"@@([A-Z]+)@@", lambda found: parts[found[1]], text)


def _array(values: np.ndarray) -> str:
    return pack(np.ascontiguousarray(values).tobytes())


def _components(z: np.ndarray) -> dict[str, Any] | None:
    """Principal axes of codes [N, D]: mean [D], axes [K, D], shares of the variance [K].

    As many of the axes as there is room for; none of a single dimension, or of very many.
    """
    latent_dim = z.shape[1]
    most = min(latent_dim, OTHER_BYTES // (4 * latent_dim))
    if latent_dim < 2 or most < 2 or latent_dim > MOST_DIMENSIONS:
        return None
    centred = z.astype(float) - z.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(z))
    first = slice(None, -most - 1, -1)
    shares = np.maximum(variances[first], 0) / max(variances.sum(), 1e-12)
    return {
        "mean": _array(z.mean(axis=0).astype("<f4")),
        "axes": _array(axes.T[first].astype("<f4")),
        "shares": [round(share, 4) for share in shares.tolist()],
    }


def _mixture(mixture: Mixture) -> dict[str, Any] | None:
    """Weights [K], means [K, D] and lower Cholesky factors [K, D, D], their triangles alone."""
    k, latent_dim = mixture.means.shape
    if 4 * k * latent_dim * (latent_dim + 1) // 2 > OTHER_BYTES:
        return None
    factors = np.linalg.cholesky(mixture.covariances)
    rows, columns = np.tril_indices(latent_dim)
    return {
        "weights": mixture.weights.tolist(),
        "means": _array(mixture.means.astype("<f4")),
        "factors": _array(factors[:, rows, columns].astype("<f4")),
    }


def _pictures(pixels: np.ndarray) -> dict[str, Any] | None:
    """Test pictures as one WebP file of tiles, row by row: as many as there is room for."""
    # A byte for ten pixels is as few as it gets: no need to compress what cannot fit.
    count = min(len(pixels), 10 * PICTURE_BYTES // min(max(pixels.shape[1:3]), TILE) ** 2)
    while count:
        tiles, columns, side = _tiles(pixels[:count])
        with io.BytesIO() as file:
            lossless = side <= LOSSLESS
            tiles.save(file, "WEBP", lossless=lossless, quality=100 if lossless else 82, method=4)
            data = file.getvalue()
        if len(data) <= PICTURE_BYTES:
            url = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
            return {"count": count, "columns": columns, "side": side, "url": url}
        count = int(count * min(0.95, 0.97 * PICTURE_BYTES / len(data)))
    return None


def _tiles(pixels: np.ndarray) -> tuple[Image.Image, int, int]:
    """A picture of tiles, how many there are in a row, and the pixels of their side."""
    n, height, width, channels = pixels.shape
    side = min(max(height, width), TILE)
    columns = math.ceil(math.sqrt(n))
    mode = "L" if channels == 1 else "RGB"
    sheet = Image.new(mode, (columns * side, math.ceil(n / columns) * side))
    for i, image in enumerate(pixels):
        tile = Image.fromarray(image[..., 0] if channels == 1 else image)
        if tile.size != (side, side):
            tile = tile.resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(tile, (i % columns * side, i // columns * side))
    return sheet, columns, side
