"""Fetch what runs a decoder inside a page."""

from vae.explorer import runtime
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        runtime.fetch(snakemake.output[0])
