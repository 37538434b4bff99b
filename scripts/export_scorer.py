"""Export the scorer of a run."""

from vae.services.jobs import job
from vae.training import scorer_run

if __name__ == "__main__":
    with job(snakemake.log[0]):
        scorer_run.export_scorer(
            path_to_posterior=snakemake.input.posterior,
            path_to_decoder=snakemake.input.decoder,
            path_to_run=snakemake.input.run,
            path_to_scorer=snakemake.output[0],
            path_to_images=next(iter(snakemake.input.images), None),
            **snakemake.params.settings,
            threads=snakemake.threads,
        )
