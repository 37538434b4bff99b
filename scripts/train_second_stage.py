"""Train the second stage of a run."""

from vae.services.jobs import job
from vae.training import second_stage_run

if __name__ == "__main__":
    with job(snakemake.log[0]):
        second_stage_run.train(
            path_to_images=snakemake.input.images,
            path_to_encoder=snakemake.input.encoder,
            path_to_posterior=snakemake.input.posterior,
            path_to_run=snakemake.input.run,
            settings=snakemake.params.settings,
            code=snakemake.params.code,
            threads=snakemake.threads,
            outputs=dict(snakemake.output.items()),
        )
