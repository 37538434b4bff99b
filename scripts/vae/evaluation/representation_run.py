"""The codes of a run as a representation, from its files to representation.json."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from vae.data import images
from vae.data.images import Split
from vae.evaluation import disentanglement
from vae.evaluation.disentanglement import Known
from vae.evaluation.pca import PCA
from vae.evaluation.representation import TEST, TRAIN, Labelled, cannot_test, labelled, metrics
from vae.latent import codes
from vae.latent.codes import Codes, random_rows
from vae.latent.onnx import BATCH, slices
from vae.services import records

CONDITIONAL = (
    "This run is conditional: its encoder is told the class of an image, so how much its codes say "
    "of the class is not evaluated."
)


def evaluate(
    path_to_images: str,
    path_to_codes: str,
    path_to_run: str,
    path_to_representation: str,
    factors: dict[str, str],
) -> None:
    """Write representation.json: of a run, and of PCA, what `metrics` gives.

    PCA has as many components as a code has dimensions, those of all training images. Of validation
    images as well, if there are some. `notes` say why there are no metrics.

    factors: columns that are factors of the images, "class" or "number" by name. If there are any,
    a run has the metrics of `disentanglement`, too.
    """
    record = records.read(path_to_run)
    data = images.load(path_to_images)
    encoded = codes.load(path_to_codes).splits
    conditional = record["settings"]["conditional"]
    note = CONDITIONAL if conditional else cannot_test(data.splits)
    found: dict[str, dict[str, Any]] = {name: {} for name in data.splits if name != "train"}
    if not note:
        pca = PCA(data.train.pixels, encoded["train"].z.shape[1])
        of_training = data.train.labels
        rows = labelled(of_training, of_training, TRAIN)
        train = _both(data.train, encoded["train"], rows, pca)
        for name, of_split in found.items():
            rows = labelled(data.splits[name].labels, of_training, TEST)
            test = _both(data.splits[name], encoded[name], rows, pca)
            for prefix in train:
                of_split |= metrics(train[prefix], test[prefix], prefix)
    if factors and not conditional:
        known = _known(data.train, encoded["train"], factors)
        for name, of_split in found.items():
            of_split |= disentanglement.metrics(
                known, _known(data.splits[name], encoded[name], factors), factors
            )
    content = {"dataset": record["dataset"], "run": record["run"], "metrics": found.pop("test")}
    records.write(content | found | {"notes": [note] if note else []}, path_to_representation)


def _known(split: Split, encoded: Codes, factors: Iterable[str]) -> Known:
    """Codes and factors of some images of a split, drawn at random."""
    rows = random_rows(len(split), disentanglement.IMAGES, np.random.default_rng(0))
    return Known(encoded.z[rows], {name: split.columns[name][rows] for name in factors})


def _both(split: Split, encoded: Codes, rows: np.ndarray, pca: PCA) -> dict[str, Labelled]:
    """Codes and principal components of some images of a split, by prefix of their metrics."""
    parts = slices(len(rows), BATCH // math.prod(split.pixels.shape[1:]))
    components = np.concatenate([pca.codes(split.pixels[rows[part]]) for part in parts])
    labels = split.labels[rows]
    return {"": Labelled(encoded.z[rows], labels), "pca_": Labelled(components, labels)}
