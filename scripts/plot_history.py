"""Plot the losses of a training."""

from vae.figures import history
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        history.plot(
            path_to_history=snakemake.input.history,
            path_to_figure=snakemake.output[0],
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
