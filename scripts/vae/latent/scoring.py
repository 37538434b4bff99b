"""How well images fit a trained run: a score of each, without noise, and where it comes from.

The score of an image x orders the images of one run, and repeats to the last digits that rounding
leaves: with z the code of x without noise,

score(x) = -log p(x|z) - lowest(x) + log q(z|x) - log N(z; 0, I), in nats,

where lowest(x) is the least that -log p(x|z) can be at the decoder's own scales, the entropy of x
under `bernoulli`. It is no bound on -log p(x), and says nothing beside the score of another run.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae import likelihoods
from vae.data.pixels import to_unit
from vae.latent.onnx import BATCH, Decoder, _Run, slices
from vae.latent.posteriors import Gaussian, Sampled, log_normal

SIDE_BY_SIGMA = 32  # the shorter side of an image over the default sigma of error maps


class Scored(NamedTuple):
    """What a trained run makes of N images, without noise.

    score: in nats, float64 [N]; excess: the part of it that is of each pixel, [N, H, W];
    reconstructions: float32 [N, H, W, C] in [0, 1].
    """

    score: np.ndarray
    excess: np.ndarray
    reconstructions: np.ndarray


def scored(q: Gaussian | Sampled, decoder: Decoder, likelihood: str) -> Scored:
    """Score images, which should be few: all parameters of p(x|z) are in memory at once.

    likelihood: name of a module of `vae.likelihoods`.
    """
    drawn = q.draw(np.zeros((len(q), 1, decoder.latent_size), np.float32))
    z, log_q = drawn.z[:, 0], drawn.log_q[:, 0]
    parameters = decoder.parameters(z, q.labels)
    excess = likelihoods.get(likelihood).excess(to_unit(q.pixels), parameters, np)
    score = excess.sum(axis=(1, 2), dtype=float) + log_q - log_normal(z)
    return Scored(score, excess, parameters["mean"])


def black_and_white(pixels: np.ndarray) -> np.ndarray:
    """Images as a run on black and white ones scores them: uint8, 255 from a half on, else 0.

    Not drawn at random, as for likelihoods, so that a score can be repeated.
    """
    return np.where(pixels >= 128, 255, 0).astype(np.uint8)


def default_sigma(image_shape: tuple[int, ...]) -> float:
    """The standard deviation, in pixels, of the filter of error maps: of images [H, W, ...]."""
    return min(image_shape[:2]) / SIDE_BY_SIGMA


def filter_matrix(n: int, sigma: float) -> np.ndarray:
    """The matrix [n, n] that filters n pixels in a row by a Gaussian; float32, symmetric.

    sigma: in pixels; 0 leaves them as they are. Pixels beyond an edge are the mirrored ones, so
    that a filtered map adds up to the same.
    """
    from scipy.ndimage import gaussian_filter  # 0.1 s, which most of what scores spares

    return gaussian_filter(np.eye(n, dtype=np.float32), (sigma, 0))


def error_maps(excess: np.ndarray, sigma: float) -> np.ndarray:
    """The excess of -log p of each pixel [N, H, W], smoothed: nats a pixel."""
    rows, columns = (filter_matrix(n, sigma) for n in excess.shape[1:])
    return rows @ excess @ columns


class Scorer(_Run):
    """The scores of images by a run, in one file.

    image_shape: (H, W, C); columns: names of the outputs that are a number for each image, of which
    `score` is the first; maps: of those that are a picture of it, such as `error_map`.
    """

    def __init__(self, path: str | Path, intra_op_num_threads: int = 1):
        """Read scorer.onnx.

        Raises UserError where the file is damaged or is something else.
        """
        super().__init__(path, ("image", "score", "error_map"), intra_op_num_threads)
        self.image_shape = self._shapes["image"]
        outputs = [name for name in self._shapes if name != "image"]
        self.columns = [name for name in outputs if not self._shapes[name]]
        self.maps = [name for name in outputs if self._shapes[name]]

    def __call__(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Each output for uint8 pixels [N, H, W, C], by name: [N] or [N, H, W]."""
        names = (*self.columns, *self.maps)
        return dict(zip(names, self._run(names, self._scaled(pixels)), strict=True))

    def in_parts(self, pixels: np.ndarray, rows: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
        """Yield the same for these rows of many images, so few at a time that memory is bounded."""
        for part in slices(len(rows), BATCH // math.prod(self.image_shape)):
            yield self(pixels[rows[part]])
