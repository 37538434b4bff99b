"""Plot training images as augmentation changes them."""

from vae.figures import augmented
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        augmented.plot(
            path_to_images=snakemake.input.images,
            path_to_figure=snakemake.output[0],
            changes=snakemake.params.changes,
            seed=snakemake.params.seed,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
