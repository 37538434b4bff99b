"""Plot what each latent dimension does to an image."""

from typing import Any

import numpy as np

from vae.figures import mosaics, sheet
from vae.latent import sampling
from vae.latent.codes import load
from vae.latent.onnx import Decoder
from vae.services.jobs import job


def plot_traversals(
    decoder: str, latents: str, path: str, settings: dict[str, Any], threads: int, title: str
) -> None:
    """Sweep the latent dimensions of the highest KL, one at a time, the others at 0."""
    network = Decoder(decoder, threads)
    codes = load(latents)
    kl = codes.kl
    fit = mosaics.fitting(network.image_shape, 20, mosaics.TRAVERSAL_ROOM)
    steps = settings["traversal_steps"] or min(fit - (fit + 1) % 2, 13)
    dimensions = np.argsort(-kl, kind="stable")[:fit]
    z = sampling.traversals(network.latent_dim, steps)[dimensions]
    values = z[0, :, dimensions[0]]
    if network.classes:
        title += f"   ·   class {codes.class_names[0]}"
    sheet.save(mosaics.traversals(network(z, 0), values, dimensions, kl, title), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_traversals(
            decoder=snakemake.input.decoder,
            latents=snakemake.input.latents,
            path=snakemake.output[0],
            settings=snakemake.params.figures,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
