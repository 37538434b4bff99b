"""Plot test images and their reconstructions."""

from vae.figures import reconstructions
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        reconstructions.plot(
            path_to_images=snakemake.input.images,
            path_to_encoder=snakemake.input.encoder,
            path_to_decoder=snakemake.input.decoder,
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
