"""Write a table of test images with their places and pictures."""

from vae.explorer import atlas
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        atlas.export(
            path_to_scores=snakemake.input.scores,
            path_to_images=snakemake.input.images,
            path_to_map=next(iter(snakemake.input.map), None),
            path_to_atlas=snakemake.output[0],
            seed=snakemake.params.seed,
        )
