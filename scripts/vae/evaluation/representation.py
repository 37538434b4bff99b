"""How much of an image's class simple methods find in its code, in components, in pixels.

Each method learns from training images and is tested on others, of which a run has never seen any:
at most TRAIN and TEST of them, drawn at random, the same for every run of a dataset.
"""

import logging
import math
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vae.data.images import Split
from vae.data.pixels import to_unit
from vae.evaluation.metrics import mean, metric
from vae.latent.codes import random_rows

logger = logging.getLogger(__name__)

TRAIN, TEST = 10_000, 5_000  # images
NEIGHBOURS = (4, 20)
STEPS = 300  # of the linear probe's optimizer, at most
# Values of an image, up to which pixels are tested: a linear probe takes minutes of so many.
MOST_VALUES = 3072


class Labelled(NamedTuple):
    """Images that have a class: what is known of each, float [N, F], and its label, int64 [N]."""

    features: np.ndarray
    labels: np.ndarray


def cannot_test(splits: Mapping[str, Split]) -> str:
    """Why nothing can be learned from these images; empty if it can."""
    labels = splits["train"].labels
    if any(not known(split.labels, labels).any() for split in splits.values()):
        return (
            "Training and test images share no labels, so how much of a class is in the codes is "
            "not evaluated."
        )
    labels = labels[labelled(labels, labels, TRAIN)]
    if len(labels) < max(NEIGHBOURS) or len(np.unique(labels)) < 2:
        return (
            "How much of a class is in the codes is not evaluated: that takes training images of "
            f"two classes, {max(NEIGHBOURS)} at least."
        )
    return ""


def known(labels: np.ndarray, of_training: np.ndarray) -> np.ndarray:
    """Which images have a class that training images have, too, bool [N]."""
    return np.isin(labels, np.unique(of_training[of_training >= 0]))


def labelled(labels: np.ndarray, of_training: np.ndarray, most: int) -> np.ndarray:
    """Which images are `known`, at most so many of them at random: ascending rows."""
    rows = np.flatnonzero(known(labels, of_training))
    return rows[random_rows(len(rows), most, np.random.default_rng(0))]


def of_pixels(train: Split, test: Split) -> dict[str, dict[str, Any]]:
    """What `metrics` gives of pixels; nothing of images of more than MOST_VALUES values."""
    if math.prod(train.pixels.shape[1:]) > MOST_VALUES:
        return {}
    both = [
        (split, labelled(split.labels, train.labels, most))
        for split, most in ((train, TRAIN), (test, TEST))
    ]
    return metrics(
        *(
            Labelled(to_unit(split.pixels[rows]).reshape(len(rows), -1), split.labels[rows])
            for split, rows in both
        ),
        "pixels_",
    )


def metrics(train: Labelled, test: Labelled, prefix: str = "") -> dict[str, dict[str, Any]]:
    """What methods learn from training images about the classes of test images, by name.

    The accuracy of k nearest neighbours, each of which counts by its inverse distance; that of a
    logistic regression with C = 1 on features of unit variance; and how well k-means, with as many
    groups as there are classes, agrees with these: normalized mutual information (Strehl and Ghosh
    2002) and the Rand index, adjusted for chance (Hubert and Arabie 1985, doi 10.1007/BF01908075).

    prefix: of the names. There have to be two classes, and as many training images as neighbours.
    """
    groups = KMeans(len(np.unique(train.labels)), n_init=10, random_state=0)
    methods = {f"knn_{k}": KNeighborsClassifier(k, weights="distance") for k in NEIGHBOURS}
    methods["linear_probe"] = make_pipeline(StandardScaler(), LogisticRegression(max_iter=STEPS))
    found = {}
    with warnings.catch_warnings():
        # Of as many steps as there are: the accuracy has settled long before; or of equal codes.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name, method in methods.items():
            right = method.fit(*train).predict(test.features) == test.labels
            found[prefix + name] = mean(prefix + name, right.astype(float))
        group = groups.fit(train.features).predict(test.features)
    scores = {"kmeans_nmi": normalized_mutual_info_score, "kmeans_ari": adjusted_rand_score}
    for name, score in scores.items():
        value = float(score(test.labels, group))
        found[prefix + name] = metric(prefix + name, value, len(group))
    for name, result in found.items():
        logger.info("%s: %.4g", name, result["value"])
    return found
