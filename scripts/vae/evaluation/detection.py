"""How well scores tell defects from what is normal: of images, and of their pixels."""

import numpy as np
from scipy import ndimage
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

MAX_FPR = 0.3  # to which the area of PRO reaches


def auroc(score: np.ndarray, is_defect: np.ndarray) -> float:
    """The area under the ROC curve: how often a defect scores higher than what is normal.

    score, is_defect: [N], of images or of pixels; both kinds have to be there.
    """
    return float(roc_auc_score(is_defect, score))


def average_precision(score: np.ndarray, is_defect: np.ndarray) -> float:
    """The precision, averaged over recalls; score, is_defect: [N]."""
    return float(average_precision_score(is_defect, score))


def best_f1(score: np.ndarray, is_defect: np.ndarray) -> tuple[float, float]:
    """The highest F1 of any threshold, and that threshold, at and above which are defects."""
    precision, recall, thresholds = precision_recall_curve(is_defect, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = f1[:-1].argmax()  # the last one is of no threshold
    return float(f1[best]), float(thresholds[best])


def pro(maps: np.ndarray, masks: np.ndarray, max_fpr: float = MAX_FPR) -> float:
    """The area under the per-region overlap, up to a false-positive rate, divided by that.

    maps: [N, H, W]; masks: bool [N, H, W]. A region is what is connected in a mask, also across
    corners. At a threshold, the overlap is the share of a region above it, averaged over all
    regions, large or small; the false-positive rate that of all pixels without a defect.

    Bergmann et al. 2020 (arXiv 1911.02357). It is a ROC curve in which the pixels of
    each region together have the weight 1.
    """
    weights = np.ones(maps.shape)
    for weight, mask in zip(weights, masks, strict=True):
        regions, _ = ndimage.label(mask, np.ones((3, 3)))
        weight[mask] = 1 / np.bincount(regions.ravel())[regions[mask]]
    fpr, overlap, _ = roc_curve(masks.ravel(), maps.ravel(), sample_weight=weights.ravel())
    inside = fpr < max_fpr
    x = np.append(fpr[inside], max_fpr)
    y = np.append(overlap[inside], np.interp(max_fpr, fpr, overlap))
    return float(np.trapezoid(y, x) / max_fpr)
