"""Plot samples and the training images nearest to them."""

from vae.figures import neighbours
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        neighbours.plot(
            path_to_images=snakemake.input.images,
            path_to_encoder=snakemake.input.encoder,
            path_to_decoder=snakemake.input.decoder,
            path_to_figure=snakemake.output[0],
            flip=snakemake.params.flip,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
