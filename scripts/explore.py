"""Write the page that explores a run."""

from vae.explorer import page
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        page.explore(
            run_path=snakemake.input.run,
            images_path=snakemake.input.images,
            latents_path=snakemake.input.latents,
            mixture_path=snakemake.input.mixture,
            decoder_path=snakemake.input.decoder,
            runtime_path=snakemake.input.runtime,
            page_path=snakemake.output[0],
            at_most=snakemake.params.settings["images"],
        )
