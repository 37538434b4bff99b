"""Write the scores of a run's images as CSV."""

from vae.evaluation import scores
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        scores.write_csv(
            path_to_scores=snakemake.input[0],
            path_to_csv=snakemake.output[0],
        )
