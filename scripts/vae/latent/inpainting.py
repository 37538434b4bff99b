"""Hidden pixels, given the visible ones: importance sampling over codes.

What an image shows decides which codes it may have: p(z | visible) is in proportion to
p(visible | z) N(z; 0, I), of which the first factor is the likelihood of the visible pixels alone.
Codes are drawn from q(z|x) of completed images and weighted, and images completed by what codes say
of their hidden pixels, round after round (Cappé et al. 2004, doi 10.1198/106186004X12803).
"""

import math
from typing import NamedTuple

import numpy as np

from vae import likelihoods
from vae.data.images import Split
from vae.data.pixels import to_uint8, to_unit
from vae.latent.onnx import BATCH, Decoder, slices
from vae.latent.posteriors import ApproximatePosterior, Draws, log_normal, log_sum_exp
from vae.latent.sampling import prior

CHAINS, DRAWS, ROUNDS = 64, 16, 10  # images completed side by side, codes of each, how often
FIRST = 1000  # codes from the prior to begin with
SCALES = (1.0, 2.0)  # by which q is widened, each for as many draws, where it is normal


class Completion(NamedTuple):
    """An image whose hidden pixels are filled in.

    mean: what is expected of the image, float32 [H, W, C] in [0, 1]; samples: images that are as
    likely as others given the visible pixels, [N, H, W, C]. Visible pixels are those of the image.
    """

    mean: np.ndarray
    samples: np.ndarray


def complete(
    pixels: np.ndarray,
    hidden: np.ndarray,
    posterior: ApproximatePosterior,
    decoder: Decoder,
    label: int | None = None,
    samples: int = 1,
    seed: int = 0,
) -> Completion:
    """Fill in the hidden pixels of an image.

    pixels: uint8 [H, W, C]; hidden: bool [H, W]; label: the class, for a conditional run.
    """
    rng = np.random.default_rng(seed)
    visible, x = ~hidden, to_unit(pixels)
    log_likelihood = likelihoods.get(decoder.about["likelihood"]).log_likelihood
    parts = BATCH // pixels.size

    def log_weights(z: np.ndarray, log_q: np.ndarray) -> np.ndarray:
        log_p = []
        for part in slices(len(z), parts):
            parameters = decoder.parameters(z[part], label)
            shown = {name: _shown(values, visible) for name, values in parameters.items()}
            log_p.append(log_likelihood(x[visible].reshape(1, -1), shown)[0])
        return np.concatenate(log_p) + log_normal(z) - log_q

    def filled(images: np.ndarray) -> np.ndarray:
        return np.where(visible[..., None], x, images)

    # Of codes from the prior the likeliest, each once, so that chains begin at different images.
    z = prior(FIRST, decoder.latent_size, seed)
    current = z[np.argsort(-log_weights(z, log_normal(z)), kind="stable")[:CHAINS]]
    labels = np.full(CHAINS, -1 if label is None else label)
    for _ in range(ROUNDS):
        q = posterior(Split(to_uint8(filled(decoder(current, label))), labels))
        scale = np.resize(np.float32(SCALES if q.closed_form else 1), DRAWS)
        noise = rng.standard_normal((CHAINS, DRAWS, decoder.latent_size), dtype=np.float32)
        drawn = q.draw(noise * scale[:, None], scale)
        z = drawn.z.reshape(-1, decoder.latent_size)
        weights = log_weights(z, _log_q(q, drawn, scale))
        # In each chain one of its own draws, so that they do not all become the likeliest one.
        rows = [_chosen(own, 1, rng)[0] for own in weights.reshape(CHAINS, DRAWS)]
        current = z[np.arange(CHAINS) * DRAWS + rows]
    shares = np.exp(weights - log_sum_exp(weights)).astype(np.float32)
    mean = sum(
        np.tensordot(shares[part], decoder(z[part], label), 1) for part in slices(len(z), parts)
    )
    return Completion(filled(mean), filled(decoder(z[_chosen(weights, samples, rng)], label)))


def _log_q(q, drawn: Draws, scale: np.ndarray) -> np.ndarray:
    """The logarithm of the density that codes are drawn from, [S].

    That of all chains together where it is known, so that a code which another chain would have
    drawn as well gets no weight that is too large (Elvira et al. 2017, arXiv 1607.02758).
    """
    if not q.closed_form:
        return drawn.log_q.ravel()
    z = drawn.z.reshape(-1, drawn.z.shape[-1])
    return log_sum_exp(q.log_q(z, scale).T) - math.log(len(q))


def _shown(values: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Parameters of the visible pixels alone, as of an image of one column: [S, V, 1, C]."""
    return values[:, visible][:, :, None] if values.ndim == 4 else values


def _chosen(log_weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Rows drawn in proportion to their weights, evenly: those of a large weight several times."""
    shares = np.cumsum(np.exp(log_weights - log_sum_exp(log_weights)))
    at = (np.arange(count) + rng.random()) / count
    return np.minimum(np.searchsorted(shares, at), len(shares) - 1)
