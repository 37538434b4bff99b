"""Animate a walk through the third of three latent dimensions."""

from vae.figures import grid_animation
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        grid_animation.animate(
            path_to_decoder=snakemake.input.decoder,
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
