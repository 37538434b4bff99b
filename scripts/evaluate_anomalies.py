"""Evaluate how well a run tells anomalies from normal images."""

from vae.evaluation import anomalies
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        anomalies.evaluate(
            path_to_images=snakemake.input.images,
            path_to_scorer=snakemake.input.scorer,
            path_to_table=snakemake.output.table,
            path_to_record=snakemake.output.record,
            threads=snakemake.threads,
        )
