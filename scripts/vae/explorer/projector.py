"""Codes and images as TensorBoard's projector reads them: `tensorboard --logdir projector`.

The standalone projector of projector.tensorflow.org reads the same files by another config.
"""

import json
import math

import numpy as np

from vae.data import images
from vae.evaluation import scores
from vae.explorer.sprites import sprites
from vae.latent.codes import random_rows
from vae.services import records
from vae.services.files import atomic

MOST = 10_000  # images
LARGEST = 8192  # pixels of a side of the sprite, which browsers allow
TENSORS, METADATA, SPRITE = "tensors.tsv", "metadata.tsv", "sprite.png"
COLUMNS = ("index", "file", "class_name", "score", "novelty", "mse")
PBTXT = """\
embeddings {{
  tensor_name: {name}
  tensor_path: "{tensors}"
  metadata_path: "{metadata}"
  sprite {{
    image_path: "{sprite}"
    single_image_dim: {side}
    single_image_dim: {side}
  }}
}}
"""


def export(
    path_to_scores: str,
    path_to_images: str,
    path_to_run: str,
    path_to_tensors: str,
    path_to_metadata: str,
    path_to_sprite: str,
    path_to_config: str,
    path_to_standalone: str,
    seed: int,
) -> None:
    """Write the files for test images, for MOST of them at random if there are more.

    path_to_config: for TensorBoard; path_to_standalone: for the projector without it.

    Raises UserError if a file is damaged.
    """
    record = records.read(path_to_run)
    table = scores.read(path_to_scores, "test", [*COLUMNS, "code"])
    rows = random_rows(len(table["code"]), MOST, np.random.default_rng(seed))
    code = table["code"][rows]
    with atomic(path_to_tensors) as part:
        np.savetxt(part, code, fmt="%.6g", delimiter="\t")
    lines = zip(*(table[name][rows] for name in COLUMNS), strict=True)
    text = "".join("\t".join(map(_cell, line)) + "\n" for line in [COLUMNS, *lines])
    with atomic(path_to_metadata) as part:
        part.write_text(text, encoding="utf-8")
    pixels = images.load_split(path_to_images, "test").pixels
    sheet, _, side = sprites(pixels, rows, LARGEST // math.ceil(math.sqrt(len(rows))))
    with atomic(path_to_sprite) as part:
        sheet.save(part)
    name = f"{record['dataset']} {record['run']}"
    paths = {"tensors": TENSORS, "metadata": METADATA, "sprite": SPRITE}
    with atomic(path_to_config) as part:
        config = PBTXT.format(name=json.dumps(name), side=side, **paths)
        part.write_text(config, encoding="utf-8")
    embedding = {
        "tensorName": name,
        "tensorShape": [*code.shape],
        "tensorPath": TENSORS,
        "metadataPath": METADATA,
        "sprite": {"imagePath": SPRITE, "singleImageDim": [side, side]},
    }
    records.write({"embeddings": [embedding]}, path_to_standalone)


def _cell(value: object) -> str:
    """A value as text, with no tab or line break in it."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(str(value).split()) if value is not None else ""
