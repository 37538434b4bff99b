"""Plot the course of a training."""

import pandas as pd

from vae.figures import charts, sheet
from vae.services.errors import reading
from vae.services.jobs import job


def plot_history(history: str, path: str, title: str) -> None:
    """Draw the losses and the learning rate of history.csv."""
    with reading(history):
        figure = charts.history(pd.read_csv(history), title)
    sheet.save(figure, path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_history(
            history=snakemake.input.history,
            path=snakemake.output[0],
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
