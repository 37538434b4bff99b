"""The page that links the explorers of a dataset's runs, with a card for each."""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from vae.explorer import templates
from vae.figures.tiles import in_rows, mosaic
from vae.latent import sampling
from vae.latent.onnx import Decoder
from vae.services import records
from vae.services.files import atomic
from vae.services.words import counted

IMAGES = 12  # random draws on a card


def link_explorers(
    paths_to_pages: Sequence[str | Path],
    paths_to_runs: Sequence[str | Path],
    paths_to_decoders: Sequence[str | Path],
    path_to_index: str | Path,
) -> None:
    """Write the page that links others.

    All three in the same order: explorer.html, run.json and decoder.onnx of each run.

    Raises UserError if a file is damaged.
    """
    cards = []
    for page, run, decoder in zip(paths_to_pages, paths_to_runs, paths_to_decoders, strict=True):
        network = Decoder(decoder)
        images = sampling.images(network, IMAGES)
        link = f"{Path(page).parent.name}/{Path(page).name}"
        cards.append(card(link, records.read(run), images))
    with atomic(path_to_index) as part:
        part.write_text(index(Path(path_to_index).parent.name, cards), encoding="utf-8")


def card(link: str, run: dict[str, Any], images: np.ndarray) -> str:
    """Return the HTML of a run on the page that links all of them.

    link: to its page, relative; run: its run.json; images: [N, H, W, C] in [0, 1].
    """
    settings = run["resolved"]
    facts = [
        counted(settings["latent_dim"], "latent dimension"),
        f"network {settings['model']}{', conditional' if settings['conditional'] else ''}",
        f"{counted(run['epochs'], 'epoch')}, loss {run['final']['loss']:,.2f} nats an image",
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


def index(title: str, cards: Sequence[str]) -> str:
    """Return the page that links the pages of a dataset; cards: see `card`."""
    return templates.document("index.html", title, policy="img-src data:", CARDS="\n".join(cards))
