"""Compute the figures of a run on the test set, and of images that it generates."""

import json
from dataclasses import replace

from vae.data import binarization
from vae.data import images as dataset
from vae.evaluation import metrics
from vae.latent import mixture
from vae.latent.onnx import Classifier, Decoder, Encoder
from vae.services import records
from vae.services.files import atomic
from vae.services.jobs import job

CONDITIONAL = "This run is conditional: likelihoods and bounds are of images given their class."


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

    Figures of the test images, and where there are some of validation images as well: of binary
    ones for a run that was trained on such. Generated images are means, gray in any case, and
    compared with gray ones.

    classifier: None for images without labels, for which `notes` say what figures are missing.
    """
    record = records.read(run)
    settings = record["settings"]
    seed = settings["seed"]
    original = data = dataset.load(images)
    if settings["binarize"] == "dynamic":
        data = binarization.fixed(data)
    networks = (Encoder(encoder, threads), Decoder(decoder, threads))
    options = (settings["likelihood"], seed)
    counts = {key: value for key, value in evaluation.items() if key != "generated"}
    figures = metrics.evaluate(data, *networks, *options, **counts)
    note = metrics.cannot_compare(original, classifier is not None, evaluation["generated"])
    if not note:
        sources = (networks[1], mixture.load(path_to_mixture), Classifier(classifier, threads))
        figures |= metrics.evaluate_generation(original, *sources, seed, evaluation["generated"])
    result = {
        "dataset": record["dataset"],
        "run": record["run"],
        "evaluation": evaluation,
        "metrics": figures,
        "notes": [text for text in (note, settings["conditional"] and CONDITIONAL) if text],
    }
    if data.validation:
        data = replace(data, test=data.validation)
        result["validation"] = metrics.evaluate(data, *networks, *options, **counts)
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
