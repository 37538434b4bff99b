"""Plot both networks of a run."""

from vae.figures import architecture
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        architecture.plot(
            path_to_run=snakemake.input.run,
            path_to_figure=snakemake.output[0],
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
