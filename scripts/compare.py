"""Lay the runs of a dataset side by side, as a table and as a picture."""

from vae.evaluation import comparison
from vae.figures import charts, sheet
from vae.services import records
from vae.services.files import atomic
from vae.services.jobs import job


def compare(runs: list[str], metrics: list[str], table: str, picture: str, title: str) -> None:
    """Compare runs by their run.json and metrics.json, given in the same order."""
    rows = comparison.table(
        [records.read(path) for path in runs], [records.read(path) for path in metrics]
    )
    with atomic(table) as part:
        rows.to_csv(part, index=False, float_format="%.6g")
    sheet.save(charts.comparison(rows, title), picture)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        compare(
            runs=list(snakemake.input.runs),
            metrics=list(snakemake.input.metrics),
            table=snakemake.output.table,
            picture=snakemake.output.picture,
            title=snakemake.wildcards.dataset,
        )
