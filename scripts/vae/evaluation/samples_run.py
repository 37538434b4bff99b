"""The quality of a run's samples, from its files to sample_quality.json."""

from pathlib import Path

from vae.data import images
from vae.evaluation import generation
from vae.latent import mixture
from vae.latent.onnx import Classifier, Decoder, Encoder, Velocity
from vae.services import records

SECOND_STAGE = (
    "Samples of the second stage (classifier_*_second_stage) have no density: ELBO and NLL are "
    "those of the run without it."
)


def evaluate(
    path_to_images: str,
    path_to_encoder: str,
    path_to_decoder: str,
    path_to_mixture: str,
    path_to_classifier: str | None,
    path_to_second_stage: str | None,
    path_to_run: str,
    path_to_quality: str,
    evaluation: dict[str, int],
    second_stage: dict[str, float],
    threads: int,
) -> None:
    """Write sample_quality.json: the run, how it was evaluated, and by origin every metric.

    path_to_classifier: None for images without labels, an empty file if they have fewer than two
        classes; `notes` then say why there are no metrics.
    path_to_second_stage: None if there is none; second_stage: `guidance` and `steps` of its draws.
    """
    record = records.read(path_to_run)
    data = images.load(path_to_images)
    generated = evaluation["generated"]
    labelled = path_to_classifier is not None and Path(path_to_classifier).stat().st_size > 0
    note = generation.cannot_compare(data, labelled, generated)
    origins = {}
    if not note:
        run = generation.Run(
            Encoder(path_to_encoder, threads),
            Decoder(path_to_decoder, threads),
            mixture.load(path_to_mixture),
            record["settings"]["seed"],
            record["settings"]["binarize"] == "dynamic",
            generation.SecondStage(Velocity(path_to_second_stage, threads), **second_stage)
            if path_to_second_stage
            else None,
        )
        classifier = Classifier(path_to_classifier, threads)
        origins = generation.evaluate(data, run, classifier, generated)
    content = {
        "dataset": record["dataset"],
        "run": record["run"],
        "evaluation": evaluation | ({"second_stage": second_stage} if second_stage else {}),
        "origins": origins,
        "notes": [text for text in (note, SECOND_STAGE if second_stage else "") if text],
    }
    records.write(content, path_to_quality)
