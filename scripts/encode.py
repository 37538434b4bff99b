"""Encode the test images of a run."""

from vae.latent import encoding
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        encoding.encode_test_images(
            path_to_images=snakemake.input.images,
            path_to_encoder=snakemake.input.encoder,
            path_to_latents=snakemake.output[0],
            threads=snakemake.threads,
        )
