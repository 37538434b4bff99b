"""Plot the test images that fit a run worst and best."""

from vae.figures import outliers
from vae.services.jobs import job

if __name__ == "__main__":
    with job(snakemake.log[0]):
        outliers.plot(
            paths_to_networks={
                name: snakemake.input[name] for name in ("encoder", "posterior", "decoder")
            },
            path_to_images=snakemake.input.images,
            path_to_scores=snakemake.input.scores,
            path_to_run=snakemake.input.run,
            paths_to_anomalies=list(snakemake.input.anomalies),
            path_to_figure=snakemake.output[0],
            **snakemake.params.figures,
            **snakemake.params.maps,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
