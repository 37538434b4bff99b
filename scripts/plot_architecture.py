"""Plot the networks of a run."""

from vae.figures import architecture, sheet
from vae.services import records
from vae.services.jobs import job


def plot_architecture(run: str, path: str, title: str) -> None:
    """Draw the layers that run.json records."""
    record = records.read(run)
    sheet.save(architecture.architecture(record["architecture"], title), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_architecture(
            run=snakemake.input.run,
            path=snakemake.output[0],
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
