"""Whether each dimension of a code stands for one factor of the images: MIG, SAP and DCI.

Of images whose factors are known, such as the position and the size of a shape.
"""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, mutual_info_score

from vae.evaluation.metrics import metric

logger = logging.getLogger(__name__)

IMAGES = 10_000  # of the training and of the test set, at most
BINS = 20  # of a dimension, as in Locatello et al. 2019 (arXiv 1811.12359)
TREES, LEAF = 50, 5  # trees of a forest; the fewest images in a leaf


class Known(NamedTuple):
    """Codes [N, D] of images, and the values of each factor of these by name, [N]."""

    z: np.ndarray
    factors: Mapping[str, np.ndarray]


def metrics(train: Known, test: Known, kinds: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Each metric by name; factors that never vary are left out, and without others there is none.

    kinds: of each factor "class", whose values have no order, or "number".
    """
    kinds = {
        name: kind
        for name, kind in kinds.items()
        if all(len(np.unique(known.factors[name])) > 1 for known in (train, test))
    }
    if not kinds:
        return {}
    values = {"mig": mig(test, kinds), "sap": sap(test, kinds)} | dci(train, test, kinds)
    for name, value in values.items():
        logger.info("%s: %.4g", name, value)
    return {name: metric(name, value, len(test.z)) for name, value in values.items()}


def mig(known: Known, kinds: Mapping[str, str]) -> float:
    """The mutual information gap of Chen et al. 2018 (arXiv 1802.04942), equation 6.

    How much more the dimension that says most of a factor says of it than the next one, as a share
    of its entropy; the mean over factors. Dimensions are cut into BINS equal bins. Of a factor with
    more values than that, even a perfect code gets less than 1.
    """
    ends = known.z.min(axis=0), np.maximum(known.z.max(axis=0), known.z.min(axis=0) + 1e-9)
    binned = ((known.z - ends[0]) / (ends[1] - ends[0]) * BINS).astype(int).clip(0, BINS - 1)
    shares = []
    for name in kinds:
        _, value = np.unique(known.factors[name], return_inverse=True)
        entropy = mutual_info_score(value, value)
        shares.append([mutual_info_score(value, column) / entropy for column in binned.T])
    return _gap(np.array(shares))


def sap(known: Known, kinds: Mapping[str, str]) -> float:
    """The separated attribute predictability of Kumar et al. 2018 (arXiv 1711.00848), section 3.

    How much better the best dimension alone predicts a factor than the next one, linearly: by R²,
    or for a class by the balanced accuracy, from chance at 0 to 1; the mean over factors.
    """
    scores = []
    for name, kind in kinds.items():
        value = known.factors[name]
        predict = _accuracy if kind == "class" else _r2
        scores.append([predict(column, value) for column in known.z.T])
    return _gap(np.array(scores))


def dci(train: Known, test: Known, kinds: Mapping[str, str]) -> dict[str, float]:
    """Disentanglement, completeness and informativeness (Eastwood and Williams 2018).

    By how much each dimension matters to a random forest that predicts a factor. Disentanglement:
    1 if each dimension matters to one factor alone; completeness: 1 if to each factor one dimension
    alone matters; informativeness: how well forests predict the factors of test images, R² or, for
    a class, the accuracy; the mean over factors.
    """
    importance, right = [], []
    for name, kind in kinds.items():
        forest = RandomForestClassifier if kind == "class" else RandomForestRegressor
        # Of all dimensions at each split: of some, those that say nothing would seem to matter.
        model = forest(TREES, min_samples_leaf=LEAF, max_features=None, random_state=0)
        model.fit(train.z, train.factors[name])
        importance.append(model.feature_importances_)
        right.append(model.score(test.z, test.factors[name]))
    matters = np.array(importance).T + 1e-12  # [D, K]
    by_dimension, by_factor = matters.sum(axis=1), matters.sum(axis=0)
    disentangled = _peaked(matters / by_dimension[:, None])
    complete = _peaked((matters / by_factor).T)
    return {
        "dci_disentanglement": float(disentangled @ by_dimension / by_dimension.sum()),
        "dci_completeness": float(complete.mean()),
        "dci_informativeness": float(np.mean(right)),
    }


def _gap(scores: np.ndarray) -> float:
    """By how much the best of each row [K, D] exceeds the next one, on average over rows."""
    ordered = np.sort(np.pad(scores, ((0, 0), (1, 0))), axis=1)  # of one dimension, the next is 0
    return float((ordered[:, -1] - ordered[:, -2]).mean())


def _r2(x: np.ndarray, y: np.ndarray) -> float:
    return 0.0 if x.std() == 0 else float(np.corrcoef(x, y)[0, 1] ** 2)


def _accuracy(x: np.ndarray, y: np.ndarray) -> float:
    column = ((x - x.mean()) / max(x.std(), 1e-9))[:, None]
    model = LogisticRegression(class_weight="balanced").fit(column, y)
    return max(0.0, float(balanced_accuracy_score(y, model.predict(column), adjusted=True)))


def _peaked(shares: np.ndarray) -> np.ndarray:
    """1 - entropy of each row of shares [..., n], whose logarithms are to the base n; of one, 1."""
    n = shares.shape[1]
    return np.ones(len(shares)) if n == 1 else 1 + (shares * np.log(shares)).sum(axis=1) / np.log(n)
