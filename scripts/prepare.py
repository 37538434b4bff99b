"""Read the raw files of a dataset into uint8 images with labels, training and test set."""

from vae.data import preparation
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        preparation.prepare(
            raw_paths=list(snakemake.input.raw),
            preparation=snakemake.params.preparation,
            threads=snakemake.threads,
            images_path=snakemake.output.images,
            skipped_path=snakemake.output.skipped,
        )
