"""Write the page that explores a run."""

from vae.explorer import page
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        page.explore(
            path_to_run=snakemake.input.run,
            path_to_images=snakemake.input.images,
            path_to_codes=snakemake.input.codes,
            path_to_scores=snakemake.input.scores,
            path_to_map=next(iter(snakemake.input.map), None),
            path_to_mixture=snakemake.input.mixture,
            path_to_decoder=snakemake.input.decoder,
            path_to_runtime=snakemake.input.runtime,
            path_to_page=snakemake.output[0],
            at_most=snakemake.params.settings["images"],
        )
