"""How likely images are under a VAE: bounds on log p(x), and p(x) itself for a small latent space.

A VAE says that p(x) is the integral of p(x|z) p(z), with p(z) = N(0, I); its encoder q(z|x) says
which z matter for an image. Everything is in nats an image, summed over pixels and channels. Images
are decoded some at a time and added up in float64: more draws of z take time, hardly memory.
"""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from vae.data.pixels import to_unit
from vae.latent.codes import kl_divergence
from vae.latent.onnx import BATCH, Decoder, slices
from vae.services.progress import Progress

logger = logging.getLogger(__name__)

# `log_likelihood` or `log_mass` of a likelihood: log p(x|z) in nats, float64 [..., N, S], of N
# images, float32 [..., N, P] in [0, 1], each at each of S points z, for which the decoder gives
# parameters by name, [..., S, H, W, C] or [..., S, 1].
LogProb = Callable[[np.ndarray, dict[str, np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Encoded:
    """Images and their posterior q(z|x) = N(z_mean, exp(z_log_var)).

    pixels: uint8 [N, H, W, C]; z_mean, z_log_var: float32 [N, D]; labels: int64 [N], for a
    conditional decoder.
    """

    pixels: np.ndarray
    z_mean: np.ndarray
    z_log_var: np.ndarray
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, part: slice) -> "Encoded":
        labels = None if self.labels is None else self.labels[part]
        return Encoded(self.pixels[part], self.z_mean[part], self.z_log_var[part], labels)

    @property
    def kl(self) -> np.ndarray:
        """KL of each image and latent dimension in nats, float64 [N, D]."""
        return kl_divergence(self.z_mean, self.z_log_var)


# In few dimensions: of the posteriors that are sampled from, equally often; and draws from the
# prior beside them, which all images share.
FEW = 3
SCALES = (1.0, 3.0, 10.0)
PRIOR_DRAWS = 5000


def log_likelihood(
    encoded: Encoded, decoder: Decoder, log_prob: LogProb, draws: int, seed: int
) -> np.ndarray:
    """log p(x|z) at `draws` z from q(z|x), float64 [N, draws].

    The mean over draws less the KL is the ELBO (Kingma and Welling 2013, equation 3).
    """
    blocks = _draw(encoded, decoder, log_prob, draws, seed)
    return np.concatenate([drawn.log_p for _, drawn in blocks])


def importance_weighted_nll(
    encoded: Encoded, decoder: Decoder, log_prob: LogProb, samples: int, seed: int
) -> np.ndarray:
    """-log of the mean over `samples` z from q(z|x) of p(x|z) p(z) / q(z|x), float64 [N].

    On average no less than -log p(x), and with more samples nearer to it: the bound of Burda et al.
    2015 (arXiv 1509.00519), section 3. One sample gives -ELBO.

    In up to FEW dimensions, where an encoder that errs by little misses all of the posterior, the
    samples come from q and from q widened 3 and 10 times, and PRIOR_DRAWS more from p(z) for all
    images; q stands for the mixture of all (Owen and Zhou 2000, doi
    10.1080/01621459.2000.10473909). Still such a bound, and on MNIST in two dimensions less than
    0.1 nats from log p(x), not 2.5. Conditional decoders, which would want as many draws for each
    class, do without those from p(z).
    """
    few = decoder.latent_dim <= FEW
    scales = SCALES if few else (1.0,)
    shared = PRIOR_DRAWS if few and not decoder.classes else 0
    z = np.random.default_rng([seed, 1]).standard_normal(
        (shared, decoder.latent_dim), dtype=np.float32
    )
    log_p_shared = np.empty((len(encoded), shared))
    x = _unit(encoded.pixels)
    for part, log_p in _at_points(x, z, decoder, log_prob):
        log_p_shared[:, part] = log_p

    nll = np.empty(len(encoded))
    log_shared = math.log(shared) if shared else -math.inf
    for images, drawn in _draw(encoded, decoder, log_prob, samples, seed, scales):
        block = encoded[images]
        square = np.square((z - block.z_mean[:, None]) * np.exp(-block.z_log_var[:, None] / 2))
        log_q = _log_widened(square, block.z_log_var, np.resize(scales, samples))
        log_q = np.concatenate([drawn.log_q, log_q], axis=1) + math.log(samples)
        log_prior = np.concatenate(
            [drawn.log_prior, np.broadcast_to(_log_prior(z), (len(block), shared))], axis=1
        )
        log_p = np.concatenate([drawn.log_p, log_p_shared[images]], axis=1)
        log_weight = log_p + log_prior - np.logaddexp(log_q, log_prior + log_shared)
        nll[images] = -_log_sum_exp(log_weight)
    return nll


def exact_nll(
    pixels: np.ndarray,
    decoder: Decoder,
    log_prob: LogProb,
    side: int = 401,
    extent: float = 6.0,
) -> np.ndarray:
    """-log p(x) of uint8 pixels [N, H, W, C] for one or two latent dimensions, float64 [N].

    The sum of p(x|z) p(z) dz over side x side points z of the square [-extent, extent]^2, or as
    many of the interval: the prior has 4e-9 beyond 6. The encoder has no part in it. Takes 4 bytes
    of memory a value of all images.

    Raises ValueError for more latent dimensions and for conditional decoders, each class of which
    would take as long.
    """
    if decoder.classes:
        raise ValueError("quadrature with a conditional decoder")
    if decoder.latent_dim > 2:
        raise ValueError(f"quadrature in {decoder.latent_dim} dimensions; two are the most")
    # A posterior is narrower in one dimension, where as many points are so much closer.
    axis, step = np.linspace(-extent, extent, side ** (3 - decoder.latent_dim), retstep=True)
    z = np.stack(np.meshgrid(*[axis] * decoder.latent_dim), axis=-1).reshape(-1, decoder.latent_dim)
    log_mass = _log_prior(z) + decoder.latent_dim * math.log(step)
    x = _unit(pixels)
    total = np.full(len(x), -np.inf)
    for part, log_p in _at_points(x, z, decoder, log_prob):
        total = np.logaddexp(total, _log_sum_exp(log_p + log_mass[part]))
    return -total


def _at_points(
    x: np.ndarray, z: np.ndarray, decoder: Decoder, log_prob: LogProb
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield log p(x|z) [N, B] of all images at some of the points z [S, D] at a time, and which."""
    progress = Progress(logger)
    for part in slices(len(z), BATCH // max(x.shape)):
        progress.info("%d of %d points of latent space", part.start, len(z))
        yield part, log_prob(x, decoder.parameters(z[part]))


@dataclass(frozen=True)
class _Drawn:
    """Of draws z for some images: log p(x|z), log p(z) and log q(z|x), float64 [B, draws]."""

    log_p: np.ndarray
    log_prior: np.ndarray
    log_q: np.ndarray


def _draw(
    encoded: Encoded,
    decoder: Decoder,
    log_prob: LogProb,
    draws: int,
    seed: int,
    scales: tuple[float, ...] = (1.0,),
) -> Iterator[tuple[slice, _Drawn]]:
    """Yield what is drawn for some images at a time, and for which.

    q(z|x) is the mixture of the posterior with its standard deviation times each of `scales`; each
    gives as many draws, or one more or less.
    """
    rng = np.random.default_rng(seed)
    points = max(1, BATCH // max(encoded.pixels[0].size, decoder.latent_dim))
    at_once = min(draws, points)
    progress = Progress(logger)
    scale = np.resize(np.float32(scales), draws)
    for images in slices(len(encoded), points // at_once):
        progress.info(
            "%d draws from the posterior: %d of %d images", draws, images.start, len(encoded)
        )
        block = encoded[images]
        x, mean = _unit(block.pixels)[:, None], block.z_mean[:, None]
        log_var = block.z_log_var
        labels = None if block.labels is None else block.labels[:, None]
        parts = []
        for start in range(0, draws, at_once):
            shape = (len(block), min(at_once, draws - start), decoder.latent_dim)
            noise = rng.standard_normal(shape, dtype=np.float32)
            noise *= scale[start : start + at_once, None]
            z = mean + np.exp(log_var[:, None] / 2) * noise
            log_p = log_prob(x, decoder.parameters(z, labels))[:, 0]
            parts.append((log_p, _log_prior(z), _log_widened(np.square(noise), log_var, scale)))
        yield images, _Drawn(*(np.concatenate(part, axis=1) for part in zip(*parts, strict=True)))


def _log_widened(square: np.ndarray, log_var: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """log q(z|x) [B, N], of q widened by each of `scale` as often as it holds it.

    square: of the distance of z from the mean in standard deviations, [B, N, D]; log_var: [B, D].
    """
    latent_dim = square.shape[-1]
    scales, counts = np.unique(scale, return_counts=True)
    log_share = np.log(counts / len(scale)) - latent_dim * np.log(scales)
    distance = square.sum(axis=-1, dtype=float)
    log_mixture = _log_sum_exp(log_share - 0.5 * distance[..., None] / scales**2)
    log_area = 0.5 * (log_var.astype(float) + math.log(2 * math.pi)).sum(axis=-1, keepdims=True)
    return log_mixture - log_area


def _log_prior(z: np.ndarray) -> np.ndarray:
    """log N(z; 0, I) [...] of z [..., D]."""
    return -0.5 * (z**2 + math.log(2 * math.pi)).sum(axis=-1, dtype=float)


def _log_sum_exp(values: np.ndarray) -> np.ndarray:
    """log of the sum of exp over the last axis: SciPy's takes five times as long."""
    top = values.max(axis=-1, keepdims=True)
    return top[..., 0] + np.log(np.exp(values - top).sum(axis=-1))


def _unit(pixels: np.ndarray) -> np.ndarray:
    """float32 [N, P] in [0, 1] of uint8 [N, H, W, C]."""
    return to_unit(pixels).reshape(len(pixels), -1)
