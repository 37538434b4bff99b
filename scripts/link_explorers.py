"""Write the page that links the explorers of a dataset's runs."""

from vae.explorer import index
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        index.link_explorers(
            paths_to_pages=list(snakemake.input.pages),
            paths_to_runs=list(snakemake.input.runs),
            paths_to_decoders=list(snakemake.input.decoders),
            path_to_index=snakemake.output[0],
        )
