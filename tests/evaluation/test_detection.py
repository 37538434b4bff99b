"""Metrics of anomalies, against plain loops and values known by hand."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from vae.evaluation import detection

RNG = np.random.default_rng(0)


def test_auroc_is_how_often_a_defect_scores_higher():
    score, defect = RNG.integers(0, 5, 40).astype(float), RNG.random(40) < 0.4
    pairs = [
        (a > b) + 0.5 * (a == b) for a in score[defect].tolist() for b in score[~defect].tolist()
    ]
    assert detection.auroc(score, defect) == pytest.approx(np.mean(pairs))


def test_average_precision_and_f1_of_a_list_known_by_hand():
    score, defect = np.array([5.0, 4, 3, 2, 1]), np.array([True, False, True, False, False])
    assert detection.average_precision(score, defect) == pytest.approx((1 + 2 / 3) / 2)
    assert detection.best_f1(score, defect) == (pytest.approx(0.8), 3.0)
    assert detection.best_f1(np.ones(5), defect) == (pytest.approx(2 * 0.4 / 1.4), 1.0)


def plain_pro(maps, masks, max_fpr):
    """Threshold by threshold and region by region."""
    regions = []
    for image, mask in enumerate(masks):
        labels, count = ndimage.label(mask, np.ones((3, 3)))
        regions += [(image, labels == number) for number in range(1, count + 1)]
    points = [(0.0, 0.0)]
    for threshold in np.unique(maps)[::-1]:
        above = maps >= threshold
        overlap = np.mean([above[image][region].mean() for image, region in regions])
        points.append((above[~masks].mean(), overlap))
    area = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 < max_fpr:
            end = min(x1, max_fpr)
            y_end = y1 if x1 == x0 else y0 + (y1 - y0) * (end - x0) / (x1 - x0)
            area += (end - x0) * (y0 + y_end) / 2
    return area / max_fpr


@pytest.mark.parametrize("levels", [4, 10_000])
@pytest.mark.parametrize("max_fpr", [0.05, 0.3, 1.0])
def test_pro_is_that_of_plain_loops(levels, max_fpr):
    masks = ndimage.gaussian_filter(RNG.normal(size=(6, 12, 15)), (0, 1.5, 1.5)) > 0.25
    masks[0] = False
    masks[1, :2, :2] = [[True, False], [False, True]]  # one region, across a corner
    maps = RNG.normal(size=masks.shape) + 0.8 * masks
    maps = np.rint(maps * levels / 8).astype(np.float32)
    found = detection.pro(maps, masks, max_fpr)
    assert found == pytest.approx(plain_pro(maps, masks, max_fpr), rel=1e-6)


def test_small_regions_count_as_much_as_large_ones():
    masks = np.zeros((1, 10, 10), bool)
    masks[0, 0, 0] = masks[0, 5:, 5:] = True
    large = np.zeros((1, 10, 10))
    large[0, 5:, 5:] = 1
    # All of one of two regions, without a false positive; the other at random with the rest.
    assert detection.pro(large, masks) == pytest.approx(0.5 + 0.5 * 0.3 / 2)
    assert detection.pro(masks.astype(float), masks) == pytest.approx(1)
