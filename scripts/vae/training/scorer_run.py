"""The export of a run's scorer, from its files to scorer.onnx."""

import json
import os
from pathlib import Path
from typing import Any

from vae import likelihoods
from vae.data import images, masks
from vae.latent.scoring import Scorer, default_sigma
from vae.services import gpus, records
from vae.services.errors import reading
from vae.services.files import atomic


def export_scorer(
    path_to_posterior: str,
    path_to_decoder: str,
    path_to_run: str,
    path_to_scorer: str,
    map_sigma: float | None,
    path_to_images: str | None = None,
    anomaly: dict[str, Any] | None = None,
    threads: int = 1,
) -> None:
    """Write scorer.onnx; its metadata are those of the run's networks, and `scorer`.

    map_sigma: of the filter of error maps, in pixels; None for a share of the shorter side.
    anomaly: None for a scorer without thresholds; else `contamination` and `score`, see
    `thresholds`, which are found from images of path_to_images.

    Raises UserError if a file is damaged.
    """
    os.environ[gpus.VISIBLE] = "-1"  # it only writes a file, and trainings want the GPU's memory
    # TensorFlow takes seconds to import, so only once the log is there.
    import onnx

    from vae.training import thresholds
    from vae.training.scorer import scorer

    record = records.read(path_to_run)
    settings = record["settings"]
    networks = []
    for path in (path_to_posterior, path_to_decoder):
        with reading(path):
            networks.append(onnx.load(path))
    sigma = default_sigma(record["images"]["shape"]) if map_sigma is None else map_sigma
    binary = settings["binarize"] == "dynamic"
    model = scorer(*networks, likelihoods.get(settings["likelihood"]), sigma, binary)
    about = {entry.key: entry.value for entry in networks[0].metadata_props}
    of_scorer = {"map_sigma": sigma, "black_and_white": binary}

    def write(path: Path) -> None:
        onnx.helper.set_model_props(model, about | {"scorer": json.dumps(of_scorer)})
        onnx.checker.check_model(model)
        onnx.save(model, path)

    with atomic(path_to_scorer) as part:
        write(part)
        if anomaly:
            score = anomaly["score"]
            if score == "auto":
                score = "sum" if masks.load(path_to_images) is None else "max"
            found = thresholds.find(
                Scorer(part, threads),
                images.load(path_to_images),
                score,
                anomaly["contamination"],
            )
            thresholds.add(model, found)
            of_scorer["anomaly"] = found._asdict()
            write(part)
