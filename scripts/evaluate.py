"""Evaluate a run."""

from vae.evaluation import run
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        run.evaluate(
            path_to_images=snakemake.input.images,
            path_to_encoder=snakemake.input.encoder,
            path_to_posterior=snakemake.input.posterior,
            path_to_decoder=snakemake.input.decoder,
            path_to_run=snakemake.input.run,
            path_to_metrics=snakemake.output.metrics,
            path_to_scores=snakemake.output.scores,
            evaluation=snakemake.params.evaluation,
            threads=snakemake.threads,
        )
