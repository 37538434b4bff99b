"""Write the page that links the explorers of a dataset's runs."""

import json
from pathlib import Path

from vae.explorer import page
from vae.latent import sampling
from vae.latent.onnx import Decoder
from vae.services.files import atomic
from vae.services.jobs import job

IMAGES = 12


def link_explorers(pages: list[str], runs: list[str], decoders: list[str], path: str) -> None:
    """Link pages beside their run.json and images that their decoders draw, in the same order."""
    cards = []
    for link, run, decoder in zip(pages, runs, decoders, strict=True):
        network = Decoder(decoder)
        z = sampling.prior(IMAGES, network.latent_dim)
        images = network(z, sampling.classes(IMAGES, network.classes))
        record = json.loads(Path(run).read_text(encoding="utf-8"))
        cards.append(page.card(f"{Path(link).parent.name}/{Path(link).name}", record, images))
    with atomic(path) as part:
        part.write_text(page.index(Path(path).parent.name, cards), encoding="utf-8")


if __name__ == "__main__":
    with job(snakemake.log[0]):
        link_explorers(
            pages=list(snakemake.input.pages),
            runs=list(snakemake.input.runs),
            decoders=list(snakemake.input.decoders),
            path=snakemake.output[0],
        )
