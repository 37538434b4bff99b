"""Animate a walk through the third dimension of a latent space."""

from typing import Any

from vae.figures import mosaics, sheet
from vae.latent import sampling
from vae.latent.onnx import Decoder
from vae.services import records
from vae.services.errors import UserError
from vae.services.jobs import job


def animate_grid(
    decoder: str, run: str, path: str, settings: dict[str, Any], threads: int, title: str
) -> None:
    """Decode a grid over z[0] and z[1] for each of many z[2]; three dimensions only.

    Of a conditional run: of its first class.
    """
    network = Decoder(decoder, threads)
    if network.latent_dim != 3:
        raise UserError(
            f"{path} walks through the third dimension of a latent space that has three; "
            f"this one has {network.latent_dim}. Ask for grid.png instead."
        )
    if network.classes:
        record = records.read(run)
        title += f"   ·   class {record['class_names'][0]}"
    side = settings["grid_size"] or mosaics.fitting(network.image_shape, 10, mosaics.FRAME_ROOM)
    z = sampling.uniform_grid(3, side, settings["frames"])
    extent = float(z[-1, 0, 0, 2])
    sheet.save_animation((mosaics.plane(network(p, 0), p, extent, title) for p in z), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        animate_grid(
            decoder=snakemake.input.decoder,
            run=snakemake.input.run,
            path=snakemake.output[0],
            settings=snakemake.params.figures,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
