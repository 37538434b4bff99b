"""Principal components of codes."""

from typing import NamedTuple

import numpy as np


class PrincipalComponents(NamedTuple):
    """The mean [D], the first K principal axes [K, D], and their shares of the variance [K]."""

    mean: np.ndarray
    axes: np.ndarray
    shares: np.ndarray


def principal_components(codes: np.ndarray, n_components: int) -> PrincipalComponents:
    """The axes of the largest variance of codes [N, D], the largest first; at most D of them.

    Computed in the precision of the codes, from their covariance: O(D^3) time.
    """
    mean = codes.mean(axis=0)
    centred = codes - mean
    variances, axes = np.linalg.eigh(centred.T @ centred / len(codes))
    first = slice(None, -n_components - 1, -1)
    shares = np.maximum(variances[first], 0) / max(variances.sum(), 1e-12)
    return PrincipalComponents(mean, axes.T[first], shares)
