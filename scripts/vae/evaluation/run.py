"""The evaluation of a run, from its files to metrics.json and scores.parquet."""

import logging
from dataclasses import replace
from typing import Any

from vae.data import binarization, images
from vae.evaluation import scores, testset, trouble
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior
from vae.services import records, warning_texts

logger = logging.getLogger(__name__)

CONDITIONAL = "This run is conditional: likelihoods and bounds are of images given their class."


def evaluate(
    path_to_images: str,
    path_to_encoder: str,
    path_to_posterior: str,
    path_to_decoder: str,
    path_to_run: str,
    path_to_metrics: str,
    path_to_scores: str,
    evaluation: dict[str, Any],
    threads: int,
) -> None:
    """Write metrics.json: the run, how it was evaluated, and every metric with its unit.

    Metrics of the test images, and of validation images if there are some: of binary ones for a
    run that was trained on such. And scores.parquet, with a row for each image.

    evaluation: `draws`, `samples` and `images`, see `testset`; `scores`, "all" if all training
    images are to have an ELBO, not some of them alone.
    """
    record = records.read(path_to_run)
    settings = record["settings"]
    prepared = images.load(path_to_images)
    binary = settings["binarize"] == "dynamic"
    data = binarization.fixed(prepared) if binary else prepared
    posterior = ApproximatePosterior(path_to_encoder, path_to_posterior, threads)
    decoder = Decoder(path_to_decoder, threads)
    of_run = (posterior, decoder, settings["likelihood"], settings["seed"])
    options = {key: evaluation[key] for key in ("draws", "samples", "images")} | {"binary": binary}
    metrics, of_test = testset.evaluate(data, *of_run, **options)
    known = {"test": of_test}
    warnings = trouble.found(
        metrics["active_units"]["value"],
        decoder.latent_size,
        metrics["mse"]["value"],
        trouble.mean_image_mse(data.train.pixels, data.test),
        trouble.spread(decoder, data.test, settings["seed"]),
    )
    for text in warning_texts.sentences(warnings):
        logger.warning("%s", text)
    content = {
        "dataset": record["dataset"],
        "run": record["run"],
        "evaluation": evaluation,
        "metrics": metrics,
        "warnings": warnings,
        "notes": [CONDITIONAL] if settings["conditional"] else [],
    }
    if data.validation:
        held_out = replace(data, test=data.validation)
        content["validation"], known["validation"] = testset.evaluate(held_out, *of_run, **options)
    run = scores.Run(*of_run, evaluation["draws"], binary, evaluation["scores"] == "all")
    content["novelty_among"] = scores.write(prepared, data, run, known, path_to_scores)
    records.write(content, path_to_metrics)
