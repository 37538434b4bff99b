"""Write the page that links the explorers of a dataset's runs."""

from vae.explorer import index
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        index.link_explorers(
            page_paths=list(snakemake.input.pages),
            run_paths=list(snakemake.input.runs),
            decoder_paths=list(snakemake.input.decoders),
            index_path=snakemake.output[0],
        )
