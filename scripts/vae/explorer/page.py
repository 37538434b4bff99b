"""A page to explore one run: its decoder, its test set and what draws them, in a single file.

It loads nothing else, from anywhere.
"""

import base64
import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from vae.data import images
from vae.evaluation import scores
from vae.explorer import runtime, templates
from vae.explorer.runtime import Runtime, pack
from vae.explorer.sprites import sprites
from vae.latent import codes, mixture, tsne
from vae.latent.codes import Codes
from vae.latent.mixture import Mixture
from vae.latent.principal_components import principal_components
from vae.latent.tsne import Map
from vae.services import records
from vae.services.files import atomic

logger = logging.getLogger(__name__)

# In the order in which they become one script.
SCRIPTS = ("data", "decoder", "space", "plane", "address", "page")

# What a page may carry besides the runtime (4.9 MB) and the decoder, in bytes before base64: below
# 6 MB with the runtime.
CODE_BYTES = 240_000
PICTURE_BYTES = 270_000
OTHER_BYTES = 100_000  # of components, and of the mixture
MOST_PICTURES = 2000
OUTLIERS = 12  # images of the highest scores that are among the first of a page
MOST_DIMENSIONS = 1024  # for principal components, which take a second of so many
FAR = -32768  # in place of where an image lies on a map
TILE = 96  # pixels of a side, at most
LOSSLESS = 32  # pixels of a side, up to which pictures are not compressed as photographs are


def explore(
    path_to_run: str | Path,
    path_to_images: str | Path,
    path_to_codes: str | Path,
    path_to_scores: str | Path,
    path_to_map: str | Path | None,
    path_to_mixture: str | Path,
    path_to_decoder: str | Path,
    path_to_runtime: str | Path,
    path_to_page: str | Path,
    at_most: int,
) -> None:
    """Write the page of a run from its results.

    path_to_map: None if it has no map; at_most: see `content`.

    Raises UserError if a file is damaged.
    """
    facts = content(
        run=records.read(path_to_run),
        codes=codes.load(path_to_codes).splits["test"],
        score=scores.read(path_to_scores, "test", ["score"])["score"],
        pixels=images.load_split(path_to_images, "test").pixels,
        mixture=mixture.load(path_to_mixture),
        decoder=Path(path_to_decoder).read_bytes(),
        at_most=at_most,
        of_map=tsne.load(path_to_map) if path_to_map else None,
    )
    text = page(facts, runtime.load(path_to_runtime))
    with atomic(path_to_page) as part:
        part.write_text(text, encoding="utf-8")
    logger.info(
        "%.1f MB, of which the decoder takes %.1f MB",
        *(len(part) / 1e6 for part in (text, facts["decoder"])),
    )


def order(labels: np.ndarray, score: np.ndarray, mapped: np.ndarray | None = None) -> np.ndarray:
    """Return indices [N] in random order: first one of each class, then another of each, and so on.

    So the first few images show as many classes as possible. After OUTLIERS of them come as many
    with the highest scores, so that a page has them, however few images it may carry; then those
    that are `mapped`, which are on a map.
    """
    shuffled = np.random.default_rng(0).permutation(len(labels))
    turn = np.empty(len(labels), int)
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        turn[members] = np.arange(len(members))
    by_class = shuffled[np.argsort(turn[shuffled], kind="stable")]
    highest = np.argsort(-score, kind="stable")[:OUTLIERS]
    in_order = np.concatenate([by_class[:OUTLIERS], highest, by_class[OUTLIERS:]])
    _, firsts = np.unique(in_order, return_index=True)
    in_order = in_order[np.sort(firsts)]
    if mapped is not None:
        is_later = ~np.isin(in_order, mapped)
        is_later[: 2 * OUTLIERS] = False
        in_order = in_order[np.argsort(is_later, kind="stable")]
    return in_order


def content(
    run: dict[str, Any],
    codes: Codes,
    score: np.ndarray,
    pixels: np.ndarray,
    mixture: Mixture,
    decoder: bytes,
    at_most: int,
    of_map: Map | None = None,
) -> dict[str, Any]:
    """Return all that the page shows of a run, ready for JSON.

    run: its run.json.
    codes: of the test set.
    score: of each image of it, [N].
    pixels: of the test set, uint8 [N, H, W, C].
    decoder: the content of its ONNX file.
    at_most: how many test images to show.
    of_map: where some of them lie on a map, if there is one.

    There are as many codes and images as fit. Codes are rounded to a 65,000th of the range of their
    dimension, which is far less than the width of q(z|x).
    """
    latent_dim = codes.z.shape[1]
    information = codes.information
    in_order = order(codes.labels, score, of_map.rows if of_map else None)
    indices = in_order[: max(1, CODE_BYTES // (2 * latent_dim))]
    z = codes.z[indices]
    scale = np.maximum(np.abs(z).max(axis=0), 1e-6) / 32767
    return {
        "dataset": run["dataset"],
        "run": run["run"],
        "settings": run["resolved"],
        "classNames": run["class_names"],
        "shape": list(pixels.shape[1:]),
        "testImages": len(pixels),
        "latentDim": latent_dim,
        "latentSize": run["latent_size"],
        "information": {
            "name": information.name,
            "unit": information.unit,
            "values": [round(value, 4) for value in information.values.tolist()],
        },
        "codes": _array(np.rint(z / scale).astype("<i2")),
        "scale": _array(scale.astype("<f4")),
        "labels": _array(codes.labels[indices].astype("<i2")),
        "scores": _array(score[indices].astype("<f4")),
        "map": _map(of_map, indices),
        "components": _components(codes.z),
        "mixture": _mixture(mixture),
        "pictures": _pictures(pixels[indices[: min(at_most, MOST_PICTURES)]]),
        "decoder": pack(decoder),
    }


def page(facts: dict[str, Any], runtime: Runtime) -> str:
    """Return the page of a run; facts: see `content`."""
    return templates.document(
        "page.html",
        title=f"{facts['dataset']} · {facts['run']}",
        policy="script-src 'unsafe-inline' blob: 'wasm-unsafe-eval'; img-src data: blob:",
        RUNTIME=runtime.script,
        GLUE=runtime.glue,
        WASM=runtime.wasm,
        # In a script element only «<» could end it, or begin a comment.
        RUN=json.dumps(facts, separators=(",", ":")).replace("<", r"\u003c"),
        SCRIPT="\n".join(templates.read(f"{name}.js") for name in SCRIPTS),
    )


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
    components = principal_components(z.astype(float), most)
    return {
        "mean": _array(components.mean.astype("<f4")),
        "axes": _array(components.axes.astype("<f4")),
        "shares": [round(share, 4) for share in components.shares.tolist()],
    }


def _map(of_map: Map | None, indices: np.ndarray) -> dict[str, Any] | None:
    """Where test images lie on a map, as whole numbers [N, 2] times `scale`; FAR: nowhere."""
    if of_map is None:
        return None
    scale = max(float(np.abs(of_map.places).max()), 1e-6) / 32767
    places = np.full((indices.max() + 1, 2), FAR, "<i2")
    there = of_map.rows <= indices.max()
    places[of_map.rows[there]] = np.rint(of_map.places[there] / scale)
    return {"places": _array(places[indices]), "scale": scale}


def _mixture(mixture: Mixture) -> dict[str, Any] | None:
    """Weights [K], means [K, D] and lower Cholesky factors [K, D, D], their triangles alone.

    None of so many dimensions that there is no room for it, as of any with residuals.
    """
    k, latent_dim = mixture.means.shape
    size = 4 * k * latent_dim * (latent_dim + 1) // 2
    if size > OTHER_BYTES or mixture.residuals is not None:
        return None
    rows, columns = np.tril_indices(latent_dim)
    return {
        "weights": mixture.weights.tolist(),
        "means": _array(mixture.means.astype("<f4")),
        "factors": _array(mixture.factors[:, rows, columns].astype("<f4")),
    }


def _pictures(pixels: np.ndarray) -> dict[str, Any] | None:
    """Test pictures as one WebP file of tiles, row by row: as many as there is room for."""
    # A byte for ten pixels is as few as it gets: no need to compress what cannot fit.
    count = min(len(pixels), 10 * PICTURE_BYTES // min(max(pixels.shape[1:3]), TILE) ** 2)
    while count:
        tiles, columns, side = sprites(pixels, range(count), TILE)
        with io.BytesIO() as file:
            lossless = side <= LOSSLESS
            tiles.save(file, "WEBP", lossless=lossless, quality=100 if lossless else 82, method=4)
            data = file.getvalue()
        if len(data) <= PICTURE_BYTES:
            url = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
            return {"count": count, "columns": columns, "side": side, "url": url}
        count = int(count * min(0.95, 0.97 * PICTURE_BYTES / len(data)))
    return None
