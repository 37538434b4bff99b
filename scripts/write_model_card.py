"""Write the model card of a run."""

from vae.evaluation import model_card
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        model_card.write(
            path_to_run=snakemake.input.run,
            path_to_metrics=snakemake.input.metrics,
            path_to_representation=snakemake.input.representation,
            path_to_quality=snakemake.input.quality,
            path_to_baselines=snakemake.input.baselines,
            data=snakemake.params.data,
            path_to_card=snakemake.output[0],
        )
