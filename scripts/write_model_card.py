"""Write the model card of a run."""

from vae.evaluation import model_card
from vae.services import records
from vae.services.files import atomic
from vae.services.jobs import job


def write_model_card(run: str, metrics: str, data: dict[str, str], path: str) -> None:
    """Write what run.json and metrics.json say, and where the images come from, as Markdown."""
    record, evaluation = records.read(run), records.read(metrics)
    with atomic(path) as part:
        part.write_text(model_card.text(record, evaluation, data), encoding="utf-8")


if __name__ == "__main__":
    with job(snakemake.log[0]):
        write_model_card(
            run=snakemake.input.run,
            metrics=snakemake.input.metrics,
            data=snakemake.params.data,
            path=snakemake.output[0],
        )
