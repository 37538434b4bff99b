"""Fetch one raw file of a source."""

from vae.data import downloads
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        downloads.download(
            path_to_file=snakemake.output[0],
            source=snakemake.config["sources"][snakemake.wildcards.source],
            mirrors=snakemake.config.get("mirrors", ()),
        )
