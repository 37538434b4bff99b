"""ONNX networks of a few linear maps, whose outputs can be computed by hand."""

import json
import math

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

from vae.latent.onnx import Decoder, Encoder

SHAPE = (2, 3, 1)
SIGMA = 0.2
PIXELS = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), dtype=np.uint8)
# Orthogonal rows, so that the posterior has no correlations, as an encoder has none.
WEIGHT = np.array([[0.3, 0.2, 0.1, 0.0, 0.2, 0.3], [0.2, -0.3, 0.0, 0.1, 0.3, -0.2]])
BIAS = np.full(6, 0.5)
# The metadata of a run's networks.
ABOUT = {
    "dataset": "tiny",
    "run": "ld_2",
    "image": {"preparation": {"format": "digits"}},
    "class_names": ["cat", "dog"],
    "latent": {
        "groups": [{"name": "code", "dimensions": 2}],
        "prior": "normal",
        "posterior": "gaussian",
    },
}


def write(path, inputs, outputs, nodes, constants, **about):
    """Write an ONNX file: inputs and outputs are shapes by name, constants arrays by name.

    about: metadata other than ABOUT.
    """

    def info(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])

    graph = helper.make_graph(
        nodes,
        "test",
        [info(*item) for item in inputs.items()],
        [info(*item) for item in outputs.items()],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    code = {"name": "code", "dimensions": (inputs | outputs).get("z", (2,))[0]}
    latent = ABOUT["latent"] | {"groups": [code]} | about.get("latent", {})
    about = ABOUT | about | {"latent": latent}
    metadata = {key: json.dumps(value) for key, value in about.items()}
    helper.set_model_props(model, metadata)
    save(model, path)
    return path


def network(path, source, shape, outputs, **about):
    """Write an ONNX network of linear maps: by name weight, bias, shape, and an activation."""
    nodes = [helper.make_node("Flatten", [source], ["flat"])]
    constants = {}
    for name, (weight, bias, out, activation) in outputs.items():
        assert weight.shape[0] == math.prod(shape)
        constants[f"{name}_weight"] = np.float32(weight)
        constants[f"{name}_bias"] = np.float32(bias)
        constants[f"{name}_shape"] = np.array([-1, *out])
        nodes += [
            helper.make_node("Gemm", ["flat", f"{name}_weight", f"{name}_bias"], [f"{name}_flat"]),
            helper.make_node("Reshape", [f"{name}_flat", f"{name}_shape"], [f"{name}_linear"]),
            helper.make_node(activation, [f"{name}_linear"], [name]),
        ]
    shapes = {name: out for name, (_, _, out, _) in outputs.items()}
    write(path, {source: shape}, shapes, nodes, constants, **about)


def encoder(path, mean, log_var, shape=SHAPE):
    """q(z|x) = N(x weight + bias, exp(x weight + bias)): weight and bias of either."""
    latent_dim = len(mean[1])
    linear = {"z": mean, "z_mean": mean, "z_log_var": log_var}
    outputs = {name: (*line, (latent_dim,), "Identity") for name, line in linear.items()}
    network(path, "image", shape, outputs)
    return Encoder(path)


def gaussian_decoder(path, weight, sigma=SIGMA, bias=BIAS, **about):
    """x = N(z weight + bias, sigma^2 I)."""
    variance = (np.zeros((len(weight), 1)), np.full(1, 2 * np.log(sigma)), (1,), "Identity")
    outputs = {"mean": (weight, bias, SHAPE, "Identity"), "log_var": variance}
    network(path, "z", weight.shape[:1], outputs, **about)
    return Decoder(path)


def bernoulli_decoder(path, weight):
    """x = Bernoulli(sigmoid(z weight + BIAS))."""
    outputs = {
        "mean": (weight, BIAS, SHAPE, "Sigmoid"),
        "logits": (weight, BIAS, SHAPE, "Identity"),
    }
    network(path, "z", weight.shape[:1], outputs)
    return Decoder(path)
