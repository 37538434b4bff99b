"""Write the page that links the explorers of a dataset's runs."""

import json
from pathlib import Path

from scripts.vae import explorer, sampling
from scripts.vae.files import atomic
from scripts.vae.jobs import job
from scripts.vae.onnx import Decoder

IMAGES = 12


def link_explorers(pages: list[str], runs: list[str], decoders: list[str], path: str) -> None:
    """Link pages beside their run.json and images that their decoders draw, in the same order."""
    cards = []
    for page, run, decoder in zip(pages, runs, decoders, strict=True):
        network = Decoder(decoder)
        z = sampling.prior(IMAGES, network.latent_dim)
        images = network(z, sampling.classes(IMAGES, network.classes))
        record = json.loads(Path(run).read_text(encoding="utf-8"))
        cards.append(explorer.card(f"{Path(page).parent.name}/{Path(page).name}", record, images))
    with atomic(path) as part:
        part.write_text(explorer.index(Path(path).parent.name, cards), encoding="utf-8")


if __name__ == "__main__":
    with job(snakemake.log[0]):
        link_explorers(
            pages=list(snakemake.input.pages),
            runs=list(snakemake.input.runs),
            decoders=list(snakemake.input.decoders),
            path=snakemake.output[0],
        )
