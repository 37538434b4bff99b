"""Plot a map of test images."""

from vae.figures import code_map
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        code_map.plot(
            path_to_map=snakemake.input.map,
            path_to_images=snakemake.input.images,
            path_to_run=snakemake.input.run,
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
