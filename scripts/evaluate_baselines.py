"""Evaluate what the runs of a dataset are held against."""

from vae.evaluation import baselines
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        baselines.evaluate(
            path_to_images=snakemake.input.images,
            path_to_baselines=snakemake.output[0],
            dataset=snakemake.wildcards.dataset,
        )
