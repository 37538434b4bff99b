"""The evaluation of a run, from its files to metrics.json."""

import json
from dataclasses import replace

from vae.data import binarization, images
from vae.evaluation import generation, testset
from vae.latent import mixture
from vae.latent.onnx import Classifier, Decoder
from vae.latent.posteriors import ApproximatePosterior
from vae.services import records
from vae.services.files import atomic

CONDITIONAL = "This run is conditional: likelihoods and bounds are of images given their class."


def evaluate(
    path_to_images: str,
    path_to_encoder: str,
    path_to_posterior: str,
    path_to_decoder: str,
    path_to_mixture: str,
    path_to_classifier: str | None,
    path_to_run: str,
    path_to_metrics: str,
    evaluation: dict[str, int],
    threads: int,
) -> None:
    """Write metrics.json: the run, how it was evaluated, and every metric with its unit.

    Metrics of the test images, and of validation images if there are some: of binary ones for a
    run that was trained on such. Generated images are means, gray in any case, and compared with
    gray ones.

    path_to_classifier: None for images without labels; `notes` then say which metrics are missing.
    """
    record = records.read(path_to_run)
    settings = record["settings"]
    seed = settings["seed"]
    original = data = images.load(path_to_images)
    if settings["binarize"] == "dynamic":
        data = binarization.fixed(data)
    decoder = Decoder(path_to_decoder, threads)
    networks = (ApproximatePosterior(path_to_encoder, path_to_posterior, threads), decoder)
    options = (settings["likelihood"], seed)
    counts = {key: value for key, value in evaluation.items() if key != "generated"}
    results = testset.evaluate(data, *networks, *options, **counts)
    generated = evaluation["generated"]
    note = generation.cannot_compare(original, path_to_classifier is not None, generated)
    if not note:
        sources = (
            decoder,
            mixture.load(path_to_mixture),
            Classifier(path_to_classifier, threads),
        )
        results |= generation.evaluate(original, *sources, seed, generated)
    content = {
        "dataset": record["dataset"],
        "run": record["run"],
        "evaluation": evaluation,
        "metrics": results,
        "notes": [text for text in (note, settings["conditional"] and CONDITIONAL) if text],
    }
    if data.validation:
        data = replace(data, test=data.validation)
        content["validation"] = testset.evaluate(data, *networks, *options, **counts)
    with atomic(path_to_metrics) as part:
        part.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
