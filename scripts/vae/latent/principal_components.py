"""Principal components of codes."""

from typing import NamedTuple

import numpy as np

# Up to so many dimensions, figures show each of a code; of more, its principal components.
MOST_DIMENSIONS = 20
EXACT = 2000  # dimensions, up to which the covariance is decomposed, which takes seconds


class PrincipalComponents(NamedTuple):
    """The mean [D] of codes and their first K principal axes [K, D].

    shares: of the variance, [K]; deviations: the codes' standard deviation along each axis, [K].
    """

    mean: np.ndarray
    axes: np.ndarray
    shares: np.ndarray
    deviations: np.ndarray

    def codes(self, scores: np.ndarray) -> np.ndarray:
        """The codes [..., D] at scores [..., K]: standard deviations from the mean by axis."""
        return self.mean + (scores * self.deviations) @ self.axes


def principal_components(codes: np.ndarray, n_components: int) -> PrincipalComponents:
    """The axes of the largest variance of codes [N, D], the largest first; at most D of them.

    Computed in the precision of the codes: from their covariance, in O(D^3) time, or, if D is
    above EXACT, by a randomized decomposition (Halko et al. 2011, arXiv 0909.4061) from a fixed
    seed, which finds min(N, D) axes at most and underestimates small variances slightly.
    """
    mean = codes.mean(axis=0)
    centred = codes - mean
    if codes.shape[1] > EXACT:
        from sklearn.utils.extmath import randomized_svd  # a second, which most codes spare

        _, singular_values, axes = randomized_svd(centred, n_components, random_state=0)
        variances = singular_values**2 / len(codes)
        total = np.vdot(centred, centred) / len(codes)
    else:
        all_variances, vectors = np.linalg.eigh(centred.T @ centred / len(codes))
        total = all_variances.sum()
        first = slice(None, -n_components - 1, -1)
        variances, axes = np.maximum(all_variances[first], 0), vectors.T[first]
    return PrincipalComponents(mean, axes, variances / max(total, 1e-12), np.sqrt(variances))
