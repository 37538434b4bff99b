"""The metrics of a run: tables of them, those of reconstructions, and how they are written.

Those of the images that it generates are in `sample_metrics`.
"""
# ruff: noqa: E501, since the rows of a table are lines

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Metric(NamedTuple):
    """A row of a table.

    better: 1 if more is better, -1 if less is, 0 if neither; group: of GROUPS; compared: whether
    comparison.csv has it; panel: the metric that its panel of comparison.png draws as a baseline,
    "" for a panel without one, None for no panel.
    """

    title: str
    unit: str
    better: int
    group: str
    compared: bool
    panel: str | None


# In the order of comparison.csv. `vae.plan` reads both tables from this source: units are parameters
# of the rules that evaluate, both tables are parameters of the rule that compares.
# fmt: off
METRICS = {
    "elbo": ("ELBO", "nats an image", 1, "likelihood", True, None),
    "nll_importance_weighted": ("−log p(x), importance-weighted", "nats an image", -1, "likelihood", True, ""),
    "nll_exact": ("−log p(x), exact", "nats an image", -1, "likelihood", True, None),
    "bits_per_dimension": ("bits per dimension", "bits a pixel and channel", -1, "bits", True, "gaussian_bits_per_dimension"),
    "gaussian_bits_per_dimension": ("Gaussian", "bits a pixel and channel", 0, "", True, None),
    "kl": ("KL", "nats an image", 0, "", True, None),
    "kl_per_dimension": ("KL of each dimension", "nats an image", 0, "", False, None),
    "kl_per_group": ("KL of each group of dimensions", "nats an image", 0, "", False, None),
    "reconstruction": ("reconstruction, −log p(x|z)", "nats an image", 0, "", True, None),
    "active_units": ("active units", "dimensions", 0, "", True, ""),
    "mse": ("reconstruction error", "squared gray value of [0, 1]", -1, "pixels", True, "pca_mse"),
    "psnr": ("peak signal-to-noise ratio", "dB", 1, "pixels", True, None),
    "ssim": ("structural similarity", "1", 1, "pixels", True, None),
    "pca_mse": ("PCA", "squared gray value of [0, 1]", 0, "", True, None),
    "pca_psnr": ("PCA", "dB", 0, "", True, None),
    "pca_ssim": ("PCA", "1", 0, "", True, None),
    "near_duplicates": ("test images that are nearly the same as a training image", "images", 0, "", False, None),
    "seconds": ("training", "seconds", 0, "", True, None),
}
# The same of codes as a representation, in a table of its own: a new one repeats no likelihoods.
REPRESENTATION = {
    "knn_4": ("accuracy of 4 nearest neighbours", "share of test images", 1, "", True, None),
    "pca_knn_4": ("PCA", "share of test images", 0, "", True, None),
    "pixels_knn_4": ("pixels", "share of test images", 0, "", True, None),
    "knn_20": ("accuracy of 20 nearest neighbours", "share of test images", 1, "", True, "pca_knn_20"),
    "pca_knn_20": ("PCA", "share of test images", 0, "", True, None),
    "pixels_knn_20": ("pixels", "share of test images", 0, "", True, None),
    "linear_probe": ("accuracy of a linear probe", "share of test images", 1, "", True, None),
    "pca_linear_probe": ("PCA", "share of test images", 0, "", True, None),
    "pixels_linear_probe": ("pixels", "share of test images", 0, "", True, None),
    "kmeans_nmi": ("k-means and classes, mutual information", "1", 1, "", True, None),
    "pca_kmeans_nmi": ("PCA", "1", 0, "", True, None),
    "pixels_kmeans_nmi": ("pixels", "1", 0, "", True, None),
    "kmeans_ari": ("k-means and classes, Rand index", "1", 1, "", True, None),
    "pca_kmeans_ari": ("PCA", "1", 0, "", True, None),
    "pixels_kmeans_ari": ("pixels", "1", 0, "", True, None),
    "mig": ("mutual information gap", "1", 1, "", True, None),
    "sap": ("separated attribute predictability", "1", 1, "", True, None),
    "dci_disentanglement": ("DCI, disentanglement", "1", 1, "", True, None),
    "dci_completeness": ("DCI, completeness", "1", 1, "", True, None),
    "dci_informativeness": ("DCI, informativeness", "1", 1, "", True, None),
}
# fmt: on
COPIES = "near_duplicates"
GAUSSIAN = "gaussian_bits_per_dimension"
TABLE = {name: Metric(*row) for name, row in (METRICS | REPRESENTATION).items()}

# Settings that runs must share for a metric of the group to be compared. A conditional run is told
# the class: which of K equal ones is worth up to log K nats. Bits are of pixels' levels, whatever
# the likelihood.
GROUPS = {
    "likelihood": ["likelihood", "binarize", "conditional"],
    "bits": ["binarize", "conditional"],
    "pixels": ["binarize"],
    "": [],
}


# By name of their row: functions of images x and reconstructions y, [N, H, W, C] in [0, 1], to
# values [N]. The row "pca_<name>", if there is one, is the same of PCA.
OF_RECONSTRUCTIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {}


def of_reconstructions(function: Callable) -> Callable:
    """Make a function a metric of reconstructions; its name is that of the row."""
    OF_RECONSTRUCTIONS[function.__name__] = function
    return function


@of_reconstructions
def mse(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean squared difference of each image, float64 [N]; x and y [N, H, W, C] in [0, 1]."""
    return np.square(x - y).mean(axis=(1, 2, 3), dtype=float)


@of_reconstructions
def psnr(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each image in dB, float64 [N]: -10 log10(MSE).

    At most 100, so that an image without any error is no infinity in a mean.
    """
    return -10 * np.log10(np.maximum(mse(x, y), 1e-10))


@of_reconstructions
def ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Structural similarity of each image, float64 [N], at most 1; x and y [N, H, W, C] in [0, 1].

    Wang et al. 2004 (doi 10.1109/TIP.2003.819861): Gaussian windows of 11 x 11 pixels, sigma 1.5,
    that lie in the image; the mean over windows and channels. The numbers of scikit-image with
    `gaussian_weights=True, use_sample_covariance=False, data_range=1`. In images that are smaller,
    the window is the largest of odd size that fits.
    """
    from scipy.linalg import convolution_matrix  # 0.2 s, which the comparison spares

    size = (min(11, *x.shape[1:3]) - 1) // 2 * 2 + 1
    window = np.exp(-0.5 * ((np.arange(size) - size // 2) / 1.5) ** 2)
    window /= window.sum()
    rows, columns = (convolution_matrix(window, n, mode="valid") for n in x.shape[1:3])

    def local(images: np.ndarray) -> np.ndarray:
        return rows @ images @ columns.T

    x, y = (np.moveaxis(images, -1, 1).astype(float) for images in (x, y))
    mean_x, mean_y = local(x), local(y)
    var_x, var_y = local(x * x) - mean_x**2, local(y * y) - mean_y**2
    covariance = local(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return (luminance * (2 * covariance + c2) / (var_x + var_y + c2)).mean(axis=(1, 2, 3))


def mean(name: str, values: np.ndarray) -> dict[str, Any]:
    """A metric that is the mean of values [N], one for each image, with its standard error."""
    n = len(values)
    error = float(values.std()) / math.sqrt(max(n - 1, 1))
    return metric(name, float(values.mean()), n) | {"standard_error": error}


def metric(name: str, value: Any, images: int) -> dict[str, Any]:
    """A metric as it is written to metrics.json; images: how many it is about."""
    return {"value": value, "unit": TABLE[name].unit, "images": images}


def joined(evaluation: dict[str, Any], representation: dict[str, Any]) -> dict[str, Any]:
    """A metrics.json with the metrics of a representation.json, of validation images as well."""
    keys = [key for key in ("metrics", "validation") if key in evaluation]
    both = {key: evaluation[key] | representation.get(key, {}) for key in keys}
    return evaluation | both | {"notes": [*evaluation["notes"], *representation["notes"]]}


def baselines_of(
    metrics: dict[str, Any], settings: dict[str, Any], of_dataset: dict[str, Any]
) -> dict[str, Any]:
    """Of a baselines.json the metrics that a run with these metrics can be held against.

    Not the bits per dimension, if it has none, or those of black and white images.
    """
    if "bits_per_dimension" not in metrics or settings["binarize"] != "none":
        return {k: value for k, value in of_dataset["metrics"].items() if k != GAUSSIAN}
    return of_dataset["metrics"]
