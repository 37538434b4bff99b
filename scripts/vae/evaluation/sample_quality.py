"""How near generated images are to real ones, by features of a network that saw only real ones.

Features are float [N, F], a row an image. Everything is computed in float64, some rows at a time:
memory does not grow with the square of the number of images.

A distance has no meaning of its own: it depends on the network and on the number of images. What to
hold it against is the same distance between as many training and test images, the floor.
"""

from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist

PAIRS = 2**22  # pairs of images at a time: 32 MB

NEIGHBOURS = 3  # Kynkäänniemi et al. 2019
NEIGHBOURS_OF_DENSITY = 5  # Naeem et al. 2020
FEWEST = NEIGHBOURS_OF_DENSITY + 1


def frechet_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Squared Fréchet distance between the normal distributions that have the moments of x and y.

    Heusel et al. 2017 (arXiv 1706.08500), equation 6: |m - n|^2 + tr(A + B - 2 (A B)^(1/2)). The
    trace of the root is that of (A^(1/2) B A^(1/2))^(1/2), which is symmetric, so that its
    eigenvalues are real and, but for rounding, no less than 0, however singular A and B are.

    Raises ValueError for fewer than two images, or a feature that is not finite.
    """
    x, y = _checked(x, 2), _checked(y, 2)
    a, b = (np.atleast_2d(np.cov(features, rowvar=False)) for features in (x, y))
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(values.clip(0))
    product = np.linalg.eigvalsh(root.T @ b @ root).clip(0)
    shift = np.square(x.mean(axis=0) - y.mean(axis=0)).sum()
    return float(max(shift + a.trace() + b.trace() - 2 * np.sqrt(product).sum(), 0))


def kernel_distance(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Squared maximum mean discrepancy between x and y with the kernel (a.b / F + 1)^3, unbiased.

    Bińkowski et al. 2018 (arXiv 1801.01401), section 4. Of two samples of one distribution it is 0
    on average, hence negative half of the time. As a mean over pairs of rows (Gretton et al. 2012,
    lemma 6), for as many images on both sides, since that has a known variance.

    Returns it and its standard error, how far from it other images would lie (Hoeffding 1948,
    doi 10.1214/aoms/1177730196, section 5); the error is rather large where the distance is near 0.

    Raises ValueError for fewer than three images, unequal numbers of them, or a feature that is not
    finite.
    """
    x, y = _checked(x, 3), _checked(y, 3)
    if len(x) != len(y):
        raise ValueError(f"{len(x)} and {len(y)} images; as many on both sides are needed")
    n = len(x)
    row_sums, squares = np.empty(n), 0.0
    for rows in _slices(n, n):
        h = _kernel(x[rows], x) + _kernel(y[rows], y) - _kernel(x[rows], y) - _kernel(y[rows], x)
        h[np.arange(len(h)), np.arange(n)[rows]] = 0
        row_sums[rows] = h.sum(axis=1)
        squares += np.square(h).sum()
    pairs = n * (n - 1)
    value = row_sums.sum() / pairs
    of_pairs = squares / pairs - value**2
    # Means over n - 1 pairs vary by themselves: that part is no difference between images.
    of_images = max((row_sums / (n - 1)).var(ddof=1) - of_pairs / (n - 1), 0)
    variance = (4 * (n - 2) * of_images + 2 * of_pairs) / pairs
    return float(value), float(np.sqrt(max(variance, 0)))


def precision_recall(real: np.ndarray, generated: np.ndarray) -> tuple[float, float]:
    """Precision: the share of generated images among the real ones; recall: the other way round.

    An image is among others if it is no farther from one of them than that one's third neighbour
    among them. Kynkäänniemi et al. 2019 (arXiv 1904.06991), equations 1 and 2.

    Raises ValueError for fewer than four images, or a feature that is not finite.
    """
    real, generated = (_checked(f, NEIGHBOURS + 1) for f in (real, generated))
    return _share_among(generated, real), _share_among(real, generated)


def density_coverage(real: np.ndarray, generated: np.ndarray) -> tuple[float, float]:
    """Density: how many balls a generated image lies in, over 5; coverage: the share of balls hit.

    There is a ball around each real image, as far as its fifth neighbour among them. Density may
    exceed 1; for images of the same distribution it is 1 on average. Naeem et al. 2020 (arXiv
    2002.09797).

    Raises ValueError for fewer than six images, or a feature that is not finite.
    """
    real, generated = (_checked(f, NEIGHBOURS_OF_DENSITY + 1) for f in (real, generated))
    radii = _radii(real, NEIGHBOURS_OF_DENSITY)
    inside, hit = 0, 0
    for rows, distances in _distances(real, generated):
        within = distances <= radii[rows, None]
        inside += within.sum()
        hit += within.any(axis=1).sum()
    return float(inside / (NEIGHBOURS_OF_DENSITY * len(generated))), float(hit / len(real))


def classes_covered(real: np.ndarray, generated: np.ndarray) -> float:
    """The share of the classes of real images that generated images have at least a tenth as often.

    real, generated: int [N], the class that a classifier gives each image; of both, so that its
    mistakes are on both sides. A class that no real image is given is none of theirs.
    """
    expected = np.bincount(real)
    counts = np.bincount(generated, minlength=len(expected))[: len(expected)]
    # Shares of the images, should there be more of one kind than of the other.
    enough = 10 * counts * len(real) >= expected * len(generated)
    return float(enough[expected > 0].mean())


def _checked(features: np.ndarray, fewest: int) -> np.ndarray:
    if len(features) < fewest:
        raise ValueError(f"{len(features)} images; {fewest} are the fewest")
    if not np.isfinite(features).all():
        raise ValueError("features: some are NaN or infinity")
    return features.astype(float)


def _distances(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield slices of x and the Euclidean distances of their rows from all of y.

    From differences, not from a product: two equal images are exactly 0 apart.
    """
    for rows in _slices(len(x), len(y)):
        yield rows, cdist(x[rows], y)


def _radii(x: np.ndarray, neighbours: int) -> np.ndarray:
    """How far each row of x is from its k-th neighbour among the others."""
    parts = [np.partition(d, neighbours, axis=1)[:, neighbours] for _, d in _distances(x, x)]
    return np.concatenate(parts)


def _share_among(x: np.ndarray, others: np.ndarray) -> float:
    radii = _radii(others, NEIGHBOURS)
    return float(sum((d <= radii).any(axis=1).sum() for _, d in _distances(x, others)) / len(x))


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    base = x @ y.T / x.shape[1] + 1
    return base * base * base  # a tenth of the time of base**3


def _slices(rows: int, columns: int) -> Iterator[slice]:
    size = max(1, PAIRS // columns)
    return (slice(start, start + size) for start in range(0, rows, size))
