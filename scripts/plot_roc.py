"""Plot how well scores tell anomalies from normal images."""

from vae.figures import roc
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        roc.plot(
            path_to_table=snakemake.input.table,
            path_to_record=snakemake.input.record,
            path_to_figure=snakemake.output[0],
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
