"""Fit a Gaussian mixture to the codes of a run's training images."""

from vae.latent import mixture_fitting
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        mixture_fitting.fit_to_codes(
            path_to_codes=snakemake.input.codes,
            path_to_mixture=snakemake.output[0],
            seed=snakemake.params.seed,
        )
