"""Train the classifier that generated images of a dataset are compared by."""

from vae.services.jobs import job
from vae.training import classifier_run

if __name__ == "__main__":
    with job(snakemake.log[0]):
        classifier_run.train(
            path_to_images=snakemake.input.images,
            dataset=snakemake.wildcards.dataset,
            threads=snakemake.threads,
            path_to_network=snakemake.output.network,
            path_to_record=snakemake.output.record,
        )
