"""Plot images decoded from random draws from a mixture of the training images' codes."""

from typing import Any

from vae.figures import mosaics, sheet
from vae.latent import mixture, sampling
from vae.latent.onnx import Decoder
from vae.services.jobs import job


def plot_samples_gmm(
    decoder: str,
    path_to_mixture: str,
    path: str,
    settings: dict[str, Any],
    seed: int,
    threads: int,
    title: str,
) -> None:
    """Decode draws from the mixture and lay the images out, as many as of the prior."""
    network = Decoder(decoder, threads)
    n = settings["samples"] or mosaics.fitting(network.image_shape, 10) ** 2
    fitted = mixture.load(path_to_mixture)
    origin = f"a mixture of {len(fitted.weights)} Gaussians"
    decoded = network(fitted.draw(n, seed), sampling.classes(n, network.classes))
    sheet.save(mosaics.samples(decoded, title, origin), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_samples_gmm(
            decoder=snakemake.input.decoder,
            path_to_mixture=snakemake.input.mixture,
            path=snakemake.output[0],
            settings=snakemake.params.figures,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
