"""Compute the figures of a run on the test set."""

import json
from dataclasses import replace
from pathlib import Path

from scripts.vae import binarization, metrics
from scripts.vae import images as dataset
from scripts.vae.files import atomic
from scripts.vae.jobs import job
from scripts.vae.onnx import Decoder, Encoder


def evaluate(
    images: str,
    encoder: str,
    decoder: str,
    run: str,
    path: str,
    evaluation: dict[str, int],
    threads: int,
) -> None:
    """Write metrics.json: the run, how it was evaluated, and every figure with its unit.

    Figures of the test images, and where there are some of validation images as well: of binary
    ones for a run that was trained on such.
    """
    record = json.loads(Path(run).read_text(encoding="utf-8"))
    settings = record["settings"]
    data = dataset.load(images)
    if settings["binarize"] == "dynamic":
        data = binarization.fixed(data)
    networks = (Encoder(encoder, threads), Decoder(decoder, threads))
    options = (settings["likelihood"], settings["seed"])
    result = {
        "dataset": record["dataset"],
        "run": record["run"],
        "evaluation": evaluation,
        "metrics": metrics.evaluate(data, *networks, *options, **evaluation),
    }
    if data.validation:
        data = replace(data, test=data.validation)
        result["validation"] = metrics.evaluate(data, *networks, *options, **evaluation)
    with atomic(path) as part:
        part.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with job(snakemake.log[0]):
        evaluate(
            images=snakemake.input.images,
            encoder=snakemake.input.encoder,
            decoder=snakemake.input.decoder,
            run=snakemake.input.run,
            path=snakemake.output[0],
            evaluation=snakemake.params.evaluation,
            threads=snakemake.threads,
        )
