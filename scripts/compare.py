"""Compare the runs of a dataset, as a table and as a figure."""

from vae.figures import comparison
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        comparison.compare(
            paths_to_runs=list(snakemake.input.runs),
            paths_to_metrics=list(snakemake.input.metrics),
            paths_to_representations=list(snakemake.input.representations),
            paths_to_qualities=list(snakemake.input.qualities),
            path_to_baselines=snakemake.input.baselines,
            path_to_table=snakemake.output.table,
            path_to_figure=snakemake.output.picture,
            recommended=list(snakemake.params.recommended),
            title=snakemake.wildcards.dataset,
        )
