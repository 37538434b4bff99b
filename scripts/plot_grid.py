"""Plot images decoded from a grid over the latent space."""

from typing import Any

from scripts.vae import figures, sampling
from scripts.vae.jobs import job
from scripts.vae.onnx import Decoder


def plot_grid(
    decoder: str, path: str, settings: dict[str, Any], seed: int, threads: int, title: str
) -> None:
    """Decode a grid of latent points and draw each image in its place."""
    network = Decoder(decoder, threads)
    at_most, room = (10, figures.PLANE_ROOM) if network.latent_dim == 3 else (20, figures.ROOM)
    side = settings["grid_size"] or figures.fitting(network.image_shape, at_most, room)
    z = sampling.uniform_grid(network.latent_dim, side, figures.PLANES, seed)
    figures.save(figures.grid(network(z), z, title), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_grid(
            decoder=snakemake.input.decoder,
            path=snakemake.output[0],
            settings=snakemake.params.figures,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
