"""A scorer that can be computed by hand, with and without thresholds."""

import numpy as np
import onnx
from onnx import helper

from tests.helpers.networks import write
from vae.data.images import Images
from vae.latent.scoring import Scorer
from vae.training import thresholds


def scorer(path, shape, **about):
    """Write the scorer whose error map is the image, [H, W, 1], and whose score is its sum."""
    nodes = [
        helper.make_node("ReduceSum", ["image", "axes"], ["score"], keepdims=0),
        helper.make_node("Squeeze", ["image", "last"], ["error_map"]),
    ]
    constants = {"axes": np.array([1, 2, 3]), "last": np.array([3])}
    outputs = {"score": (), "error_map": shape[:2]}
    return write(path, {"image": shape}, outputs, nodes, constants, **about)


def with_thresholds(path, data: Images, score="sum", contamination=0.1, **about):
    """Write the same with thresholds that are found from `data`; returns these."""
    found = thresholds.find(Scorer(scorer(path, data.shape)), data, score, contamination)
    scorer(path, data.shape, **about, scorer={"anomaly": found._asdict()})
    model = onnx.load(path)
    thresholds.add(model, found)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return found
