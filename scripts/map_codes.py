"""Lay the codes of test images out as a map."""

from vae.latent import tsne
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        tsne.map_codes(
            path_to_codes=snakemake.input.codes,
            path_to_map=snakemake.output[0],
            seed=snakemake.params.seed,
        )
