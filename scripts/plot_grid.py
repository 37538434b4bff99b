"""Plot images decoded from a grid over the latent space."""

from typing import Any

import numpy as np

from vae.figures import mosaics, sheet
from vae.latent import sampling
from vae.latent.onnx import Decoder
from vae.services import records
from vae.services.jobs import job


def plot_grid(
    decoder: str,
    run: str,
    path: str,
    settings: dict[str, Any],
    seed: int,
    threads: int,
    title: str,
) -> None:
    """Decode a grid of latent points and draw each image in its place.

    Of a conditional run: the same points in a row for each class.
    """
    network = Decoder(decoder, threads)
    if network.classes:
        names = records.read(run)["class_names"]
        most = mosaics.fitting(network.image_shape, 20)
        chosen = np.unique(sampling.classes(most, network.classes))
        z = sampling.spread(settings["grid_size"] or most, network.latent_dim, seed)
        images = network(np.tile(z, (len(chosen), 1, 1)), chosen[:, None])
        shown = mosaics.classes(images, [names[label] for label in chosen], len(names), title)
        sheet.save(shown, path)
        return
    at_most, room = (10, mosaics.PLANE_ROOM) if network.latent_dim == 3 else (20, mosaics.ROOM)
    side = settings["grid_size"] or mosaics.fitting(network.image_shape, at_most, room)
    z = sampling.uniform_grid(network.latent_dim, side, mosaics.PLANES, seed)
    sheet.save(mosaics.grid(network(z), z, title), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_grid(
            decoder=snakemake.input.decoder,
            run=snakemake.input.run,
            path=snakemake.output[0],
            settings=snakemake.params.figures,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
