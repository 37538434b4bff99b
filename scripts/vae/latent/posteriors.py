"""q(z|x) of images: draws of z, their density, and the KL from the prior N(0, I).

Two kinds with one interface. Where q is a normal distribution, an image is encoded once, whatever
the number of draws; any other q goes through posterior.onnx for each draw.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae.data.images import Split
from vae.latent.codes import kl_divergence
from vae.latent.onnx import Encoder, Posterior


class Draws(NamedTuple):
    """S draws for each of N images.

    z: float32 [N, S, D]; log_q: log q(z|x), float64 [N, S]; kl: in nats by group of z, float64
    [N, S, G], of which the KL is the expectation; None where the KL itself is known.
    """

    z: np.ndarray
    log_q: np.ndarray
    kl: np.ndarray | None = None


@dataclass(frozen=True)
class Gaussian:
    """Images and their q(z|x) = N(z, exp(z_log_var)) under the prior N(0, I).

    pixels: uint8 [N, H, W, C]; z, z_log_var: float32 [N, D]; labels: int64 [N], for a conditional
    decoder.
    """

    pixels: np.ndarray
    z: np.ndarray
    z_log_var: np.ndarray
    labels: np.ndarray | None = None

    # The KL, and the density of q anywhere, q widened as well.
    closed_form = True

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, part: slice | np.ndarray) -> "Gaussian":
        labels = None if self.labels is None else self.labels[part]
        return Gaussian(self.pixels[part], self.z[part], self.z_log_var[part], labels)

    @property
    def centre(self) -> np.ndarray:
        """Where q is, float [N, D]: by its variance over images a dimension counts as active."""
        return self.z

    @property
    def kl(self) -> np.ndarray:
        """KL of each image and latent dimension in nats, float64 [N, D]."""
        return kl_divergence(self.z, self.z_log_var)

    def draw(self, noise: np.ndarray, scale: np.ndarray | None = None) -> Draws:
        """Draws from noise, float32 [N, S, D] from N(0, I).

        scale: [S], by which the standard deviation is widened for a draw; then noise is as wide,
        and q is the mixture of all that `scale` names, each as often as it names it.
        """
        z = self.z[:, None] + np.exp(self.z_log_var[:, None] / 2) * noise
        scale = np.ones(1, np.float32) if scale is None else scale
        return Draws(z, self._log_widened(np.square(noise), scale))

    def log_q(self, z: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """log q at z [S, D] for each image, float64 [N, S]; q widened by `scale`, as in `draw`."""
        square = np.square((z - self.z[:, None]) * np.exp(-self.z_log_var[:, None] / 2))
        return self._log_widened(square, scale)

    def _log_widened(self, square: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """log q; square: of the distance from the mean in standard deviations, [N, S, D]."""
        latent_dim = square.shape[-1]
        scales, counts = np.unique(scale, return_counts=True)
        log_share = np.log(counts / len(scale)) - latent_dim * np.log(scales)
        distance = square.sum(axis=-1, dtype=float)
        log_mixture = log_sum_exp(log_share - 0.5 * distance[..., None] / scales**2)
        log_var = self.z_log_var.astype(float)
        log_area = 0.5 * (log_var + math.log(2 * math.pi)).sum(axis=-1, keepdims=True)
        return log_mixture - log_area


@dataclass(frozen=True)
class Sampled:
    """Images and their q(z|x), of which only draws are known.

    pixels: uint8 [N, H, W, C]; z, centre: float32 [N, D], the codes without noise, and where q is;
    labels: int64 [N].
    """

    pixels: np.ndarray
    z: np.ndarray
    centre: np.ndarray
    labels: np.ndarray
    network: Posterior

    closed_form = False

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, part: slice | np.ndarray) -> "Sampled":
        names = ("pixels", "z", "centre", "labels")
        return replace(self, **{name: getattr(self, name)[part] for name in names})

    def draw(self, noise: np.ndarray, scale: np.ndarray | None = None) -> Draws:
        """Draws from noise, float32 [N, S, D] from N(0, I); scale: of ones alone."""
        n, draws, latent_dim = noise.shape
        pixels, labels = (np.repeat(a, draws, axis=0) for a in (self.pixels, self.labels))
        z, log_q, kl = self.network(pixels, noise.reshape(-1, latent_dim), labels)
        shapes = (noise.shape, (n, draws), (n, draws, -1))
        z, log_q, kl = (a.reshape(shape) for a, shape in zip((z, log_q, kl), shapes, strict=True))
        return Draws(z, log_q.astype(float), kl.astype(float))


class ApproximatePosterior:
    """q(z|x) of a trained run.

    gaussian: whether images get a `Gaussian`, else a `Sampled`; groups: G, by which the KL of the
    latter is split; latent_dim: of the code, with which z begins.
    """

    def __init__(
        self,
        path_to_encoder: str | Path,
        path_to_posterior: str | Path,
        intra_op_num_threads: int = 1,
    ):
        """Read encoder.onnx, and posterior.onnx if it is needed.

        Raises UserError where a file is damaged or is something else.
        """
        self._encoder = Encoder(path_to_encoder, intra_op_num_threads)
        self.gaussian = self._encoder.gaussian
        self.latent_dim = self._encoder.latent_dim
        if not self.gaussian:
            self._posterior = Posterior(path_to_posterior, intra_op_num_threads)
            self.groups = self._posterior.groups

    def __call__(self, images: Split) -> Gaussian | Sampled:
        """q(z|x) of images."""
        pixels, labels = images.pixels, images.labels
        outputs = self._encoder.outputs(("z", "z_log_var", "u_mean"), pixels, labels)
        z = outputs["z"]
        if self.gaussian:
            return Gaussian(pixels, z, outputs["z_log_var"], labels)
        return Sampled(pixels, z, outputs.get("u_mean", z), labels, self._posterior)


def log_normal(z: np.ndarray) -> np.ndarray:
    """log N(z; 0, I) of z [..., D]: float64 [...]."""
    return -0.5 * (z**2 + math.log(2 * math.pi)).sum(axis=-1, dtype=float)


def log_sum_exp(values: np.ndarray) -> np.ndarray:
    """log of the sum of exp over the last axis: SciPy's takes five times as long."""
    top = values.max(axis=-1, keepdims=True)
    return top[..., 0] + np.log(np.exp(values - top).sum(axis=-1))
