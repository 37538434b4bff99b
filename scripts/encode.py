"""Encode all images of a dataset with a run."""

from vae.latent import encoding
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        encoding.encode(
            path_to_images=snakemake.input.images,
            path_to_encoder=snakemake.input.encoder,
            path_to_posterior=snakemake.input.posterior,
            path_to_codes=snakemake.output[0],
            seed=snakemake.params.seed,
            threads=snakemake.threads,
        )
