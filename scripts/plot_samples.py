"""Plot images decoded from random draws from the prior or from a mixture."""

from vae.figures import samples
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        samples.plot(
            path_to_decoder=snakemake.input.decoder,
            path_to_mixture=snakemake.input.get("mixture"),
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
