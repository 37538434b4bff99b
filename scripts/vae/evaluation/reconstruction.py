"""How well images are reconstructed."""

import logging
from collections.abc import Callable

import numpy as np

from vae.data.pixels import to_unit
from vae.evaluation.metrics import OF_RECONSTRUCTIONS
from vae.latent.onnx import BATCH, slices
from vae.services.progress import Progress

logger = logging.getLogger(__name__)


def errors(pixels: np.ndarray, reconstruct: Callable[[slice], np.ndarray]) -> dict[str, np.ndarray]:
    """The metrics of reconstructions of uint8 images [N, H, W, C], by name: float64 [N].

    reconstruct: gives those of a part of the images, float32 in [0, 1].
    """
    values: dict[str, list[np.ndarray]] = {name: [] for name in OF_RECONSTRUCTIONS}
    progress = Progress(logger)
    for part in slices(len(pixels), BATCH // pixels[0].size):
        progress.info("reconstruction: %d of %d images", part.start, len(pixels))
        for name, of_part in errors_of(pixels[part], reconstruct(part)).items():
            values[name].append(of_part)
    return {name: np.concatenate(parts) for name, parts in values.items()}


def errors_of(pixels: np.ndarray, reconstructions: np.ndarray) -> dict[str, np.ndarray]:
    """The same of a few images, whose reconstructions are at hand."""
    x = to_unit(pixels)
    return {name: function(x, reconstructions) for name, function in OF_RECONSTRUCTIONS.items()}
