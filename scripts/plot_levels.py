"""Plot what each level of a hierarchical network adds to samples."""

from vae.figures import levels
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        levels.plot(
            path_to_decoder=snakemake.input.decoder,
            path_to_figure=snakemake.output[0],
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
