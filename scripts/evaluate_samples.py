"""Evaluate the images that a run generates."""

from vae.evaluation import samples_run
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        samples_run.evaluate(
            path_to_images=snakemake.input.images,
            path_to_encoder=snakemake.input.encoder,
            path_to_decoder=snakemake.input.decoder,
            path_to_mixture=snakemake.input.mixture,
            path_to_classifier=next(iter(snakemake.input.classifier), None),
            path_to_second_stage=next(iter(snakemake.input.second_stage), None),
            path_to_run=snakemake.input.run,
            path_to_quality=snakemake.output[0],
            evaluation=snakemake.params.evaluation,
            second_stage=snakemake.params.second_stage,
            threads=snakemake.threads,
        )
