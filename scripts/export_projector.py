"""Write codes and images as TensorBoard's projector reads them."""

from vae.explorer import projector
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        projector.export(
            path_to_scores=snakemake.input.scores,
            path_to_images=snakemake.input.images,
            path_to_run=snakemake.input.run,
            path_to_tensors=snakemake.output.tensors,
            path_to_metadata=snakemake.output.metadata,
            path_to_sprite=snakemake.output.sprite,
            path_to_config=snakemake.output.config,
            path_to_standalone=snakemake.output.standalone,
            seed=snakemake.params.seed,
        )
