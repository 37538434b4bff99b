"""Plot images decoded from a grid over the latent space."""

from vae.figures import grid
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        grid.plot(
            path_to_decoder=snakemake.input.decoder,
            path_to_codes=next(iter(snakemake.input.codes), None),
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
