"""Plot images decoded from draws from a run's second stage."""

from vae.figures import samples_second_stage
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        samples_second_stage.plot(
            path_to_decoder=snakemake.input.decoder,
            path_to_second_stage=snakemake.input.second_stage,
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            **snakemake.params.draws,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
