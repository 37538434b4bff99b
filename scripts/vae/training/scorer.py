"""scorer.onnx: from an image to its score and its error map, in one file.

It is posterior.onnx at noise 0 and decoder.onnx, whatever the network and the prior, with a head
that compares the image with what comes out: see `vae.latent.scoring`.
"""

import math
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import onnx
from keras import ops
from onnx import TensorProto, compose, helper

from vae.latent.scoring import filter_matrix
from vae.training import export

OUTPUTS = ("score", "error_map")


def scorer(
    posterior: onnx.ModelProto,
    decoder: onnx.ModelProto,
    likelihood: ModuleType,
    sigma: float,
    binary: bool,
) -> onnx.ModelProto:
    """The network that scores images, of those of an unconditional run; without metadata.

    sigma: of the filter of error maps, in pixels; binary: whether images become black and white
    first, those of a run on such.

    Its input is `image` [N, H, W, C] in [0, 1]; its outputs are `score` [N] and `error_map`
    [N, H, W], in nats.
    """
    parameters = {output.name: _shape(output) for output in decoder.graph.output}
    (latent_size,) = _shape(decoder.graph.input[0])
    image = next(node for node in posterior.graph.input if node.name == "image")
    comparison = head(_shape(image), latent_size, parameters, likelihood, sigma)
    with tempfile.TemporaryDirectory() as folder:
        export.write_onnx(comparison, Path(folder, "head.onnx"))
        parts = {"posterior": posterior, "decoder": decoder}
        parts["head"] = onnx.load(Path(folder, "head.onnx"))
    x = {"image": "seen"}
    given = {
        "posterior": x | {"noise": "no_noise"},
        "decoder": {"z": "posterior/z"},
        "head": x
        | {name: f"posterior/{name}" for name in ("z", "log_q")}
        | {f"{name}_of_image": f"decoder/{name}" for name in parameters},
    }
    nodes, constants = _before(latent_size, binary)
    for name, part in parts.items():
        graph = compose.add_prefix(part, f"{name}/").graph
        sources = {f"{name}/{key}": source for key, source in given[name].items()}
        sources |= {f"head/{key}": key for key in OUTPUTS}
        for node in graph.node:
            node.input[:] = [sources.get(key, key) for key in node.input]
            node.output[:] = [sources.get(key, key) for key in node.output]
        nodes += graph.node
        constants += graph.initializer
    outputs = {output.name: output for output in parts["head"].graph.output}
    graph = helper.make_graph(
        nodes, "scorer", [image], [outputs[name] for name in OUTPUTS], constants
    )
    return helper.make_model(
        graph, opset_imports=posterior.opset_import, ir_version=posterior.ir_version
    )


def head(
    image_shape: tuple[int, int, int],
    latent_size: int,
    parameters: dict[str, tuple[int, ...]],
    likelihood: ModuleType,
    sigma: float,
) -> keras.Model:
    """From image, `z`, `log_q` and `<parameter>_of_image` to `score` [N], `error_map` [N, H, W].

    parameters: those of the likelihood, by name their shapes without the batch.
    """
    image = keras.Input(image_shape, name="image")
    z, log_q = keras.Input((latent_size,), name="z"), keras.Input((), name="log_q")
    given = {
        name: keras.Input(shape, name=f"{name}_of_image") for name, shape in parameters.items()
    }
    excess = likelihood.excess(image, given, ops)
    cost = log_q + 0.5 * ops.sum(ops.square(z) + math.log(2 * math.pi), axis=1)
    rows, columns = (filter_matrix(n, sigma) for n in image_shape[:2])
    outputs = {
        "score": ops.sum(excess, axis=(1, 2)) + cost,
        "error_map": ops.matmul(ops.matmul(rows, excess), columns),
    }
    return keras.Model([image, z, log_q, *given.values()], outputs, name="head")


def _before(latent_size: int, binary: bool) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """What comes before the networks: `seen`, the image that is scored, and `no_noise` [N, D]."""
    constants = [
        helper.make_tensor("zero", TensorProto.INT64, [1], [0]),
        helper.make_tensor("latent_size", TensorProto.INT64, [1], [latent_size]),
    ]
    nodes = [
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["count"]),
        helper.make_node("Concat", ["count", "latent_size"], ["noise_shape"], axis=0),
        helper.make_node("ConstantOfShape", ["noise_shape"], ["no_noise"]),
    ]
    if binary:
        constants.append(helper.make_tensor("half", TensorProto.FLOAT, [], [0.5]))
        nodes += [
            helper.make_node("GreaterOrEqual", ["image", "half"], ["is_white"]),
            helper.make_node("Cast", ["is_white"], ["seen"], to=TensorProto.FLOAT),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["image"], ["seen"]))
    return nodes, constants


def _shape(value: Any) -> tuple[int, ...]:
    """The shape of an input or an output, without the batch."""
    return tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim[1:])
