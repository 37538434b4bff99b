"""Read the raw files of a dataset into uint8 images with labels, training and test set."""

from vae.data import preparation
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        preparation.prepare(
            paths_to_raw_files=list(snakemake.input.raw),
            preparation=snakemake.params.preparation,
            source=snakemake.config["datasets"][snakemake.wildcards.dataset]["source"],
            threads=snakemake.threads,
            path_to_images=snakemake.output.images,
            path_to_skipped=snakemake.output.skipped,
        )
