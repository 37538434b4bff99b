"""Plot the networks of a run."""

import json
from pathlib import Path

from scripts.vae import diagrams, sheets
from scripts.vae.jobs import job


def plot_architecture(run: str, path: str, title: str) -> None:
    """Draw the layers that run.json records."""
    record = json.loads(Path(run).read_text(encoding="utf-8"))
    sheets.save(diagrams.architecture(record["architecture"], title), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_architecture(
            run=snakemake.input.run,
            path=snakemake.output[0],
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
