"""Plot images decoded from random draws from the prior."""

from typing import Any

from vae.figures import mosaics, sheet
from vae.latent import sampling
from vae.latent.onnx import Decoder
from vae.services.jobs import job


def plot_samples(
    decoder: str, path: str, settings: dict[str, Any], seed: int, threads: int, title: str
) -> None:
    """Decode draws from N(0, I) and lay the images out; of a conditional run, class by class."""
    network = Decoder(decoder, threads)
    n = settings["samples"] or mosaics.fitting(network.image_shape, 10) ** 2
    z = sampling.prior(n, network.latent_dim, seed)
    labels = sampling.classes(n, network.classes)
    sheet.save(mosaics.samples(network(z, labels), title), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_samples(
            decoder=snakemake.input.decoder,
            path=snakemake.output[0],
            settings=snakemake.params.figures,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
