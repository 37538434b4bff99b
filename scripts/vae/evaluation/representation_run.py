"""The codes of a run as a representation, from its files to representation.json."""

import math

import numpy as np

from vae.data import images
from vae.data.images import Split
from vae.evaluation.pca import PCA
from vae.evaluation.representation import TEST, TRAIN, Labelled, cannot_test, labelled, metrics
from vae.latent import codes
from vae.latent.codes import Codes
from vae.latent.onnx import BATCH, slices
from vae.services import records

CONDITIONAL = (
    "This run is conditional: its encoder is told the class of an image, so how much its codes say "
    "of the class is not evaluated."
)


def evaluate(
    path_to_images: str, path_to_codes: str, path_to_run: str, path_to_representation: str
) -> None:
    """Write representation.json: of a run, and of PCA, what `metrics` gives.

    PCA has as many components as a code has dimensions, those of all training images. Of validation
    images as well, if there are some. `notes` say why there are no metrics.
    """
    record = records.read(path_to_run)
    data = images.load(path_to_images)
    encoded = codes.load(path_to_codes).splits
    note = CONDITIONAL if record["settings"]["conditional"] else cannot_test(data.splits)
    content = {"dataset": record["dataset"], "run": record["run"], "metrics": {}}
    if not note:
        pca = PCA(data.train.pixels, encoded["train"].z.shape[1])
        train = _both(data.train, encoded["train"], TRAIN, pca)
        for split in (name for name in data.splits if name != "train"):
            test = _both(data.splits[split], encoded[split], TEST, pca)
            found = {}
            for prefix in train:
                found |= metrics(train[prefix], test[prefix], prefix)
            content |= {"metrics": found} if split == "test" else {split: found}
    records.write(content | {"notes": [note] if note else []}, path_to_representation)


def _both(split: Split, encoded: Codes, most: int, pca: PCA) -> dict[str, Labelled]:
    """Codes and principal components of some images of a split, by prefix of their metrics."""
    rows = labelled(split.labels, most)
    parts = slices(len(rows), BATCH // math.prod(split.pixels.shape[1:]))
    components = np.concatenate([pca.codes(split.pixels[rows[part]]) for part in parts])
    labels = split.labels[rows]
    return {"": Labelled(encoded.z[rows], labels), "pca_": Labelled(components, labels)}
