"""The evaluation of a run on the test set, from its files to metrics.json."""

import logging
from dataclasses import replace

from vae.data import binarization, images
from vae.evaluation import testset, trouble
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
    evaluation: dict[str, int],
    threads: int,
) -> None:
    """Write metrics.json: the run, how it was evaluated, and every metric with its unit.

    Metrics of the test images, and of validation images if there are some: of binary ones for a
    run that was trained on such.
    """
    record = records.read(path_to_run)
    settings = record["settings"]
    data = images.load(path_to_images)
    binary = settings["binarize"] == "dynamic"
    if binary:
        data = binarization.fixed(data)
    posterior = ApproximatePosterior(path_to_encoder, path_to_posterior, threads)
    decoder = Decoder(path_to_decoder, threads)
    of_run = (posterior, decoder, settings["likelihood"], settings["seed"])
    options = evaluation | {"binary": binary}
    metrics = testset.evaluate(data, *of_run, **options)
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
        data = replace(data, test=data.validation)
        content["validation"] = testset.evaluate(data, *of_run, **options)
    records.write(content, path_to_metrics)
