"""Thresholds in scorer.onnx: from which score on an image is an anomaly, and which of its pixels.

They are quantiles of what the network itself gives for images that it was not trained on, as in
PyOD (Zhao et al. 2019, arXiv 1901.01588); the outputs have the names that anomalib gives them.
"""

import logging
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper

from vae.data.images import Images
from vae.latent.codes import random_rows
from vae.latent.scoring import Scorer

logger = logging.getLogger(__name__)

MOST = 10_000  # images that thresholds are found from
NO_RANGE = 1e-30  # in place of 0, where all scores are equal


class Thresholds(NamedTuple):
    """What turns scores into labels.

    score: "sum" or "max", which says what s is, see `add`. contamination: the share of images
    above the thresholds. threshold: of s; pixel_threshold: of the error map, of whose maxima it is
    the quantile, so that an image below it has no pixel above it. lowest, highest: s of the images
    that all this was found from. among: their split; images: their number.
    """

    score: str
    contamination: float
    threshold: float
    pixel_threshold: float
    lowest: float
    highest: float
    among: str
    images: int


def find(scorer: Scorer, data: Images, score: str, contamination: float) -> Thresholds:
    """Find the thresholds of a scorer from validation images, or training images if there are none.

    From MOST of them, drawn at random, if there are more.
    """
    among = "validation" if data.validation else "train"
    pixels = data.splits[among].pixels
    rows = random_rows(len(pixels), MOST, np.random.default_rng(0))
    parts = [
        (found["score"], found["error_map"].max(axis=(1, 2)))
        for found in scorer.in_parts(pixels, rows)
    ]
    sums, maxima = map(np.concatenate, zip(*parts, strict=True))
    s = maxima if score == "max" else sums
    lowest, highest = float(s.min()), float(s.max())
    if lowest == highest:
        logger.warning(
            "the scores of the %d %s images are all %g, so pred_score can be 0, 0.5 or 1 alone",
            *(len(rows), among, lowest),
        )
    threshold, pixel_threshold = (
        float(np.float32(np.quantile(values, 1 - contamination))) for values in (s, maxima)
    )
    found = (threshold, pixel_threshold, lowest, highest, among, len(rows))
    result = Thresholds(score, contamination, *found)
    logger.info("%s", result)
    return result


def add(model: onnx.ModelProto, thresholds: Thresholds) -> None:
    """Add outputs to a scorer: `s`, `pred_score` and `pred_label` [N], and `pred_mask` [N, H, W].

    s is the score, or the maximum of the error map. pred_score is clip((s - threshold) / (highest -
    lowest) + 0.5, 0, 1); pred_label is s > threshold, and pred_mask which pixels of the error map
    are above theirs.
    """
    spread = max(thresholds.highest - thresholds.lowest, NO_RANGE)
    numbers = {
        "threshold": thresholds.threshold,
        "pixel_threshold": thresholds.pixel_threshold,
        "spread": spread,
        "middle": 0.5,
        "nothing": 0.0,
        "all": 1.0,
    }
    if thresholds.score == "max":
        # No ReduceMax, whose axes are an attribute up to opset 17 and an input from then on.
        flat = helper.make_tensor("flat", TensorProto.INT64, [3], [0, 1, -1])
        row = helper.make_tensor("row", TensorProto.INT64, [1], [-1])
        model.graph.initializer.extend([flat, row])
        nodes = [
            helper.make_node("Reshape", ["error_map", "flat"], ["flat_map"]),
            helper.make_node("GlobalMaxPool", ["flat_map"], ["maximum"]),
            helper.make_node("Reshape", ["maximum", "row"], ["s"]),
        ]
    else:
        nodes = [helper.make_node("Identity", ["score"], ["s"])]
    nodes += [
        helper.make_node("Sub", ["s", "threshold"], ["beyond"]),
        helper.make_node("Div", ["beyond", "spread"], ["in_spreads"]),
        helper.make_node("Add", ["in_spreads", "middle"], ["unbounded"]),
        helper.make_node("Clip", ["unbounded", "nothing", "all"], ["pred_score"]),
        helper.make_node("Greater", ["s", "threshold"], ["pred_label"]),
        helper.make_node("Greater", ["error_map", "pixel_threshold"], ["pred_mask"]),
    ]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(
        helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in numbers.items()
    )
    score, error_map = model.graph.output
    model.graph.output.extend(
        [
            _like(score, "s"),
            _like(score, "pred_score"),
            _like(score, "pred_label", TensorProto.BOOL),
            _like(error_map, "pred_mask", TensorProto.BOOL),
        ]
    )


def _like(output: Any, name: str, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """An output of the shape of another one."""
    result = onnx.ValueInfoProto()
    result.CopyFrom(output)
    result.name = name
    result.type.tensor_type.elem_type = kind
    return result
