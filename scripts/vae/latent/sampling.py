"""Points in latent space at which to decode: grids, draws from the prior, traversals."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vae.latent.onnx import Decoder

PLANES = 9  # of a grid over three dimensions
# Of the detail in pictures: a little less than the prior's gives cleaner strokes, and as many kinds
# of images, since the code is drawn at 1.
TEMPERATURE = 0.8


def uniform_grid(latent_dim: int, side: int, planes: int = PLANES, seed: int = 0) -> np.ndarray:
    """Points that are uniform in the unit cube, brought to N(0, I) by the inverse normal CDF.

    So every cell of the grid holds the same share of the prior (Kingma and Welling 2013, fig. 4).
    Coordinates are the middles of cells, (i + 0.5) / n: none is infinite.

    Returns float32 z [..., D], laid out as the images are to be shown:
    one dimension: a row [1, side, 1], z[0] rightwards;
    two: [side, side, 2], z[0] rightwards and z[1] upwards;
    three: [planes, side, side, 3], such a picture for each z[2];
    more: [side, side, D], Sobol points, scrambled from `seed`, in no order (at most 21,201 axes).
    """
    if latent_dim > 3:
        return _sobol(side * side, latent_dim, seed).reshape(side, side, latent_dim)
    right = _middles(side)
    if latent_dim == 1:
        return right[None, :, None]
    up = right[::-1]
    if latent_dim == 2:
        return np.stack(np.broadcast_arrays(right, up[:, None]), axis=-1)
    forward = _middles(planes)[:, None, None]
    return np.stack(np.broadcast_arrays(right, up[:, None], forward), axis=-1)


def spread(n: int, latent_dim: int, seed: int = 0) -> np.ndarray:
    """Points spread evenly over N(0, I), as few as one likes: float32 [n, D].

    Quantiles in one dimension, else scrambled Sobol points (at most 21,201 dimensions).
    """
    return _middles(n)[:, None] if latent_dim == 1 else _sobol(n, latent_dim, seed)


def classes(n: int, count: int) -> np.ndarray:
    """Labels [n] that name each of `count` classes as often as the others, in ascending order."""
    return np.arange(n) * count // n


def prior(n: int, latent_dim: int, seed: int = 0) -> np.ndarray:
    """Independent draws from N(0, I): float32 [n, D]."""
    return np.random.default_rng(seed).standard_normal((n, latent_dim), dtype=np.float32)


def with_detail(code: np.ndarray, size: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """Codes [n, D], each followed by detail drawn from N(0, temperature^2 I): float32 [n, size]."""
    n, latent_dim = code.shape
    detail = np.random.default_rng([seed, 1]).standard_normal((n, size - latent_dim), np.float32)
    return np.concatenate([code, np.float32(temperature) * detail], axis=1)


def images(decoder: "Decoder", n: int, seed: int = 0) -> np.ndarray:
    """Images decoded from draws from the prior, with detail at TEMPERATURE: [n, H, W, C] in [0, 1].

    Of a conditional decoder as many of each class.
    """
    z = prior(n, decoder.latent_dim, seed)
    z = with_detail(z, decoder.latent_size, seed, TEMPERATURE)
    return decoder(z, classes(n, decoder.classes))


def traversals(
    latent_dim: int, steps: int, extent: float = 3.0, base: np.ndarray | None = None
) -> np.ndarray:
    """Each latent dimension swept from -extent to extent, the others as in `base` [D], else 0.

    In equal steps, not quantiles: neighbours are then equally far apart, so that a picture shows
    how fast a dimension changes the image, up to the rare codes (0.3 % of the prior is beyond 3).
    An odd number of steps has 0, the middle of the prior, among them.

    Returns float32 [D, steps, D]: row d sweeps z[d].
    """
    base = np.zeros(latent_dim) if base is None else base
    z = np.tile(base.astype(np.float32), (latent_dim, steps, 1))
    dimensions = np.arange(latent_dim)
    z[dimensions, :, dimensions] = np.linspace(-extent, extent, steps)
    return z


def _middles(n: int) -> np.ndarray:
    """The n quantiles of N(0, 1) that halve n parts of equal probability, ascending."""
    from scipy.special import ndtri  # 0.3 s, which random draws spare

    return ndtri((np.arange(n) + 0.5) / n).astype(np.float32)


def _sobol(n: int, latent_dim: int, seed: int) -> np.ndarray:
    from scipy.special import ndtri
    from scipy.stats import qmc  # 0.8 s, for nothing where there are three dimensions or fewer

    engine = qmc.Sobol(latent_dim, rng=seed)
    points = engine.random_base2((n - 1).bit_length())[:n]
    # Sobol points are multiples of 2^-30, 0 included: the middles of these cells are never 0.
    return ndtri(points + 2.0**-31).astype(np.float32)
