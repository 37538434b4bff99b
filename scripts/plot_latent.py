"""Plot where the encoder puts the test images."""

from vae.figures import latent_space
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        latent_space.plot(
            path_to_codes=snakemake.input.codes,
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
