"""Evaluate what the codes of a run say of an image's class."""

from vae.evaluation import representation_run
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        representation_run.evaluate(
            path_to_images=snakemake.input.images,
            path_to_codes=snakemake.input.codes,
            path_to_run=snakemake.input.run,
            path_to_representation=snakemake.output[0],
            factors=snakemake.params.factors,
        )
