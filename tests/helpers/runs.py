"""The files of untrained runs, of a few linear maps."""

import json
import math
from pathlib import Path

import numpy as np

from tests.helpers.networks import (
    SHAPE,
    bernoulli_decoder,
    encoder,
    gaussian_decoder,
    network,
)
from vae.data import images
from vae.data.images import Images, Split
from vae.latent import mixture
from vae.latent.mixture import Mixture


def write_run(folder: Path, likelihood: str, latent_dim: int) -> dict[str, Path]:
    """Write the files of a run; returns their paths, as `path_to_<name>`."""
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(latent_dim, 6)) / 10
    code = (rng.normal(size=(6, latent_dim)), np.zeros(latent_dim))
    encoder(folder / "encoder.onnx", code, code)
    build = {"bernoulli": bernoulli_decoder, "gaussian": gaussian_decoder}[likelihood]
    build(folder / "decoder.onnx", weight)
    settings = {"likelihood": likelihood, "seed": 0, "binarize": "none", "conditional": False}
    record = {"dataset": "tiny", "run": f"ld_{latent_dim}", "settings": settings}
    (folder / "run.json").write_text(json.dumps(record))
    seen = (rng.normal(size=(6, 4)), np.zeros(4), (4,), "Identity")
    kinds = (rng.normal(size=(6, 2)), np.zeros(2), (2,), "Identity")
    outputs = {"features": seen, "logits": kinds}
    network(folder / "classifier.onnx", "image", SHAPE, outputs)
    factors = math.sqrt(0.1) * np.eye(latent_dim)[None]
    fitted = Mixture(np.ones(1), np.zeros((1, latent_dim)), factors)
    mixture.save(fitted, folder / "mixture.npz")
    pixels = rng.integers(0, 256, (20, *SHAPE), dtype=np.uint8)
    train, test = Split(pixels[:12], np.zeros(12, int)), Split(pixels[12:], np.zeros(8, int))
    images.save(Images(train, test, ("a", "b")), folder / "images.npz")
    files = {"images": "images.npz", "run": "run.json", "mixture": "mixture.npz"}
    networks = ("encoder", "posterior", "decoder", "classifier")
    files |= {name: f"{name}.onnx" for name in networks}
    return {f"path_to_{name}": folder / file for name, file in files.items()}
