"""How likely images are under a VAE: bounds on log p(x), and p(x) itself for a small latent space.

A VAE says that p(x) is the integral of p(x|z) p(z), with p(z) = N(0, I); its encoder q(z|x) says
which z matter for an image. Everything is in nats an image, summed over pixels and channels. Images
are decoded some at a time and added up in float64: more draws of z take time, hardly memory.
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from vae.data.pixels import to_unit
from vae.latent.onnx import BATCH, Decoder, slices
from vae.latent.posteriors import Gaussian, Sampled, log_normal, log_sum_exp
from vae.services.progress import Progress

logger = logging.getLogger(__name__)

# `log_likelihood` or `log_mass` of a likelihood: log p(x|z) in nats, float64 [..., N, S], of N
# images, float32 [..., N, P] in [0, 1], each at each of S points z, for which the decoder gives
# parameters by name, [..., S, H, W, C] or [..., S, 1].
LogProb = Callable[[np.ndarray, dict[str, np.ndarray]], np.ndarray]

# In few dimensions: of the posteriors that are sampled from, equally often; and draws from the
# prior beside them, which all images share.
FEW = 3
SCALES = (1.0, 3.0, 10.0)
PRIOR_DRAWS = 5000


class Terms(NamedTuple):
    """The terms of the ELBO of N images at S draws of z from q(z|x), in nats.

    log_p: log p(x|z), float64 [N, S]; kl: by group of z, float64 [N, S, G], or [N, 1, G] where it
    needs no draws.
    """

    log_p: np.ndarray
    kl: np.ndarray

    @property
    def elbo(self) -> np.ndarray:
        """The ELBO of each image, averaged over draws: float64 [N]."""
        return self.log_p.mean(axis=1) - self.kl.sum(axis=2).mean(axis=1)


def terms(
    test: Gaussian | Sampled,
    decoder: Decoder,
    log_prob: LogProb,
    draws: int,
    seed: int | Sequence[int],
) -> Terms:
    """The terms of the ELBO, which is log p(x|z) - KL, averaged over draws.

    Kingma and Welling 2013, equation 3.
    """
    blocks = [drawn for _, drawn in _draw(test, decoder, log_prob, draws, seed)]
    log_p = np.concatenate([drawn.log_p for drawn in blocks])
    if test.closed_form:
        return Terms(log_p, test.kl[:, None])
    return Terms(log_p, np.concatenate([drawn.kl for drawn in blocks]))


def importance_weighted_nll(
    test: Gaussian | Sampled, decoder: Decoder, log_prob: LogProb, samples: int, seed: int
) -> np.ndarray:
    """-log of the mean over `samples` z from q(z|x) of p(x|z) p(z) / q(z|x), float64 [N].

    On average no less than -log p(x), and with more samples nearer to it: the bound of Burda et al.
    2015 (arXiv 1509.00519), section 3. One sample gives -ELBO.

    In up to FEW dimensions, where an encoder that errs by little misses all of the posterior, the
    samples come from q and from q widened 3 and 10 times, and PRIOR_DRAWS more from p(z) for all
    images; q stands for the mixture of all (Owen and Zhou 2000, doi
    10.1080/01621459.2000.10473909). Still such a bound, and on MNIST in two dimensions less than
    0.1 nats from log p(x), not 2.5. Conditional decoders, which would want as many draws for each
    class, do without those from p(z); a q whose density is known at its own draws alone does
    without all of this.
    """
    few = test.closed_form and decoder.latent_size <= FEW
    scales = SCALES if few else (1.0,)
    shared = PRIOR_DRAWS if few and not decoder.classes else 0
    z = np.random.default_rng([seed, 1]).standard_normal(
        (shared, decoder.latent_size), dtype=np.float32
    )
    log_p_shared = np.empty((len(test), shared))
    x = _unit(test.pixels)
    for part, log_p in _at_points(x, z, decoder, log_prob):
        log_p_shared[:, part] = log_p

    nll = np.empty(len(test))
    log_shared = math.log(shared) if shared else -math.inf
    for images, drawn in _draw(test, decoder, log_prob, samples, seed, scales):
        log_p, log_q, log_prior = drawn.log_p, drawn.log_q, drawn.log_prior
        if shared:
            block = test[images]
            log_q = np.concatenate([log_q, block.log_q(z, np.resize(scales, samples))], axis=1)
            shape = (len(block), shared)
            log_prior = np.concatenate([log_prior, np.broadcast_to(log_normal(z), shape)], axis=1)
            log_p = np.concatenate([log_p, log_p_shared[images]], axis=1)
        log_proposal = np.logaddexp(log_q + math.log(samples), log_prior + log_shared)
        nll[images] = -log_sum_exp(log_p + log_prior - log_proposal)
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
    if (dimensions := decoder.latent_size) > 2:
        raise ValueError(f"quadrature in {dimensions} dimensions; two are the most")
    # A posterior is narrower in one dimension, where as many points are so much closer.
    axis, step = np.linspace(-extent, extent, side ** (3 - dimensions), retstep=True)
    z = np.stack(np.meshgrid(*[axis] * dimensions), axis=-1).reshape(-1, dimensions)
    log_mass = log_normal(z) + dimensions * math.log(step)
    x = _unit(pixels)
    total = np.full(len(x), -np.inf)
    for part, log_p in _at_points(x, z, decoder, log_prob):
        total = np.logaddexp(total, log_sum_exp(log_p + log_mass[part]))
    return -total


def _at_points(
    x: np.ndarray, z: np.ndarray, decoder: Decoder, log_prob: LogProb
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield log p(x|z) [N, B] of all images at some of the points z [S, D] at a time, and which."""
    progress = Progress(logger)
    for part in slices(len(z), BATCH // max(x.shape)):
        progress.info("%d of %d points of latent space", part.start, len(z))
        yield part, log_prob(x, decoder.parameters(z[part]))


class _Drawn(NamedTuple):
    """Of draws z for some images: log p(x|z), log p(z), log q(z|x), and see `Draws` for kl."""

    log_p: np.ndarray
    log_prior: np.ndarray
    log_q: np.ndarray
    kl: np.ndarray | None


def _draw(
    test: Gaussian | Sampled,
    decoder: Decoder,
    log_prob: LogProb,
    draws: int,
    seed: int | Sequence[int],
    scales: tuple[float, ...] = (1.0,),
) -> Iterator[tuple[slice, _Drawn]]:
    """Yield what is drawn for some images at a time, and for which.

    q(z|x) is the mixture of the posterior with its standard deviation times each of `scales`; each
    gives as many draws, or one more or less.
    """
    rng = np.random.default_rng(seed)
    points = max(1, BATCH // max(test.pixels[0].size, decoder.latent_size))
    at_once = min(draws, points)
    progress = Progress(logger)
    scale = np.resize(np.float32(scales), draws)
    for images in slices(len(test), points // at_once):
        progress.info(
            "%d draws from the posterior: %d of %d images", draws, images.start, len(test)
        )
        block = test[images]
        x = _unit(block.pixels)[:, None]
        labels = None if block.labels is None else block.labels[:, None]
        parts = []
        for start in range(0, draws, at_once):
            shape = (len(block), min(at_once, draws - start), decoder.latent_size)
            noise = rng.standard_normal(shape, dtype=np.float32)
            noise *= scale[start : start + at_once, None]
            drawn = block.draw(noise, scale)
            log_p = log_prob(x, decoder.parameters(drawn.z, labels))[:, 0]
            parts.append(_Drawn(log_p, log_normal(drawn.z), drawn.log_q, drawn.kl))
        yield images, _Drawn(*map(_joined, zip(*parts, strict=True)))


def _joined(parts: tuple[np.ndarray | None, ...]) -> np.ndarray | None:
    return None if parts[0] is None else np.concatenate(parts, axis=1)


def _unit(pixels: np.ndarray) -> np.ndarray:
    """float32 [N, P] in [0, 1] of uint8 [N, H, W, C]."""
    return to_unit(pixels).reshape(len(pixels), -1)
