"""Plot what each latent dimension does to an image."""

from vae.figures import traversals
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        traversals.plot(
            path_to_decoder=snakemake.input.decoder,
            path_to_codes=snakemake.input.codes,
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
