"""Fetch what runs a decoder inside a page."""

from scripts.vae import explorer_runtime
from scripts.vae.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        explorer_runtime.fetch(snakemake.output[0])
