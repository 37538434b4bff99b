"""Compute the figures of a run on the test set, and of images that it generates."""

import json
from pathlib import Path

from scripts.vae import images as dataset
from scripts.vae import metrics, mixture
from scripts.vae.files import atomic
from scripts.vae.jobs import job
from scripts.vae.onnx import Classifier, Decoder, Encoder


def evaluate(
    images: str,
    encoder: str,
    decoder: str,
    path_to_mixture: str,
    classifier: str | None,
    run: str,
    path: str,
    evaluation: dict[str, int],
    threads: int,
) -> None:
    """Write metrics.json: the run, how it was evaluated, and every figure with its unit.

    classifier: None for images without labels, for which `notes` say what figures are missing.
    """
    record = json.loads(Path(run).read_text(encoding="utf-8"))
    settings = record["settings"]
    seed = settings["seed"]
    data, network = dataset.load(images), Decoder(decoder, threads)
    counts = {key: value for key, value in evaluation.items() if key != "generated"}
    figures = metrics.evaluate(
        data, Encoder(encoder, threads), network, settings["likelihood"], seed, **counts
    )
    generated = evaluation["generated"]
    note = metrics.cannot_compare(data, classifier is not None, generated)
    if not note:
        figures |= metrics.evaluate_generation(
            data,
            network,
            mixture.load(path_to_mixture),
            Classifier(classifier, threads),
            seed,
            generated,
        )
    result = {
        "dataset": record["dataset"],
        "run": record["run"],
        "evaluation": evaluation,
        "metrics": figures,
        "notes": [note] if note else [],
    }
    with atomic(path) as part:
        part.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with job(snakemake.log[0]):
        evaluate(
            images=snakemake.input.images,
            encoder=snakemake.input.encoder,
            decoder=snakemake.input.decoder,
            path_to_mixture=snakemake.input.mixture,
            classifier=next(iter(snakemake.input.classifier), None),
            run=snakemake.input.run,
            path=snakemake.output[0],
            evaluation=snakemake.params.evaluation,
            threads=snakemake.threads,
        )
