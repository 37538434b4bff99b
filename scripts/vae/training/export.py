"""A trained VAE as files that load anywhere: Keras models of stock layers, and ONNX."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import onnx
from keras import ops, tree

from vae.models.inputs import joined
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.training.elbo import Bound, HierarchicalVAE, draw, draw_hierarchical, in_float32

IN_TENSORFLOW = """\
import sys, keras
from vae.training import export
export.export(keras.saving.load_model(sys.argv[1]), sys.argv[2])
"""


def check() -> None:
    """Raise UserError, before hours of training, where ONNX files could not be written after it."""
    backend = keras.backend.backend()
    if backend != "tensorflow" and not find_spec("tensorflow"):
        raise UserError(
            f"KERAS_BACKEND={backend} trains, but Keras writes ONNX files, which all figures are "
            "made from, with TensorFlow alone, and that is not installed here. Install it beside "
            f"{backend} (the environment of this project has it)."
        )


class Networks(NamedTuple):
    """A trained VAE as the networks that people and everything after training use.

    encoder: from images [B, H, W, C] in [0, 1] to `z` [B, D], the code without noise, and to mean
    and logarithm of the variance of q: `z_mean` and `z_log_var`, or `u_mean` and `u_log_var` where
    a learned prior maps these to z. decoder: from z to the parameters of the likelihood, `mean`
    among them. posterior: from images and noise [B, D] ~ N(0, I) to a draw `z` from q(z|x), to
    `log_q` [B], log q(z|x), and to `kl` [B, G], the KL by group of z. whole: from images to their
    reconstructions, decoded from the code without noise.

    Those of a conditional model take a list: the same, and one-hot classes [B, K].
    """

    encoder: keras.Model
    decoder: keras.Model
    posterior: keras.Model
    whole: keras.Model


def networks(vae: Bound) -> Networks:
    """The networks of a VAE, as models of one piece; its prior has the weights of now."""
    if isinstance(vae, HierarchicalVAE):
        return _of_hierarchy(vae)
    prior = vae.prior and vae.prior.stock()
    image, *label = (keras.Input(t.shape[1:], name=t.name) for t in vae.encoder.inputs)
    label = label[0] if label else None
    noise = keras.Input((vae.latent_size,), name="noise")
    drawn = draw(in_float32(vae.encoder(joined(image, label))), noise, label, prior)
    inputs = [image, noise] if label is None else [image, noise, label]
    outputs = {"z": drawn.z, "log_q": drawn.log_q, "kl": drawn.kl}
    posterior = keras.Model(inputs, outputs, name="posterior")
    # Past the prior: Keras loads no layers that two models within a model share.
    mean = keras.Model(vae.decoder.input, vae.decoder.output["mean"], name="decoder")
    u = vae.encoder(joined(image, label))["z_mean"]
    whole = keras.Model(joined(image, label), mean(joined(u, label)), name="vae")
    if prior is None:
        return Networks(with_code(vae.encoder), vae.decoder, posterior, whole)
    encoded = vae.encoder.output
    classes = vae.encoder.inputs[1] if vae.encoder.inputs[1:] else None
    z = prior.forward(joined(encoded["z_mean"], classes))["z"]
    outputs = {"z": z, "u_mean": encoded["z_mean"], "u_log_var": encoded["z_log_var"]}
    encoder = keras.Model(vae.encoder.input, outputs, name="encoder")
    z = keras.Input((vae.latent_size,), name="z")
    parameters = vae.decoder(joined(prior.inverse(joined(z, label)), label))
    decoder = keras.Model(joined(z, label), parameters, name="decoder")
    return Networks(encoder, decoder, posterior, whole)


def _of_hierarchy(vae: HierarchicalVAE) -> Networks:
    encoder, decoder = vae.separate()
    parameters = vae.likelihood.parameters(decoder, encoder.input.shape[-1])
    decoder = keras.Model(decoder.input, parameters, name="decoder")
    for layer in (*encoder.layers, *decoder.layers):
        if layer.weights:
            layer.set_weights(vae.joint.get_layer(layer.name).get_weights())
    image = keras.Input(encoder.input.shape[1:], name="image")
    noise = keras.Input((vae.latent_size,), name="noise")
    drawn = draw_hierarchical(in_float32(vae.joint([noise, image])), noise, vae.groups)
    outputs = {"z": drawn.z, "log_q": drawn.log_q, "kl": drawn.kl}
    posterior = keras.Model([image, noise], outputs, name="posterior")
    mean = keras.Model(decoder.input, decoder.output["mean"], name="decoder")
    whole = keras.Model(image, mean(encoder(image)["z"]), name="vae")
    return Networks(encoder, decoder, posterior, whole)


def with_code(encoder: keras.Model) -> keras.Model:
    """An encoder that gives `z`, too, which is its `z_mean`."""
    z = keras.layers.Identity(name="z")(encoder.output["z_mean"])
    return keras.Model(encoder.input, {"z": z} | encoder.output, name="encoder")


def save_keras(
    networks: Networks, encoder: str | Path, decoder: str | Path, whole: str | Path
) -> None:
    """Write three .keras files that need no custom code: `decoder` gives the mean alone."""
    mean = keras.Model(networks.decoder.input, networks.decoder.output["mean"], name="decoder")
    files = ((networks.encoder, encoder), (mean, decoder), (networks.whole, whole))
    for model, path in files:
        save_model(model, path)


def save_model(model: keras.Model, path: str | Path) -> None:
    """Write a .keras file that older versions of Keras load, too.

    Its config has no keys that are null: these are as good as missing, and older versions stop at
    those that they do not know, such as `quantization_config`.
    """
    with atomic(path) as part:
        model.save(part)
        with zipfile.ZipFile(part) as archive:
            members = {info: archive.read(info) for info in archive.infolist()}
        with zipfile.ZipFile(part, "w") as archive:
            for info, content in members.items():
                if info.filename == "config.json":
                    content = json.dumps(_without_nulls(json.loads(content))).encode()
                archive.writestr(info, content)


def _without_nulls(value: Any) -> Any:
    """A value of JSON without the keys of its objects that are null."""
    match value:
        case dict():
            return {k: _without_nulls(v) for k, v in value.items() if v is not None}
        case list():
            return [_without_nulls(item) for item in value]
    return value


# Outputs in the order that people want them in, further ones behind; Keras sorts them.
FIRST = ("z", "log_q", "kl", "mean")


def save_onnx(
    networks: Networks,
    encoder: str | Path,
    posterior: str | Path,
    decoder: str | Path,
    about: Mapping[str, Any],
) -> None:
    """Write the networks as ONNX files; about: their metadata, values that JSON knows."""
    write_onnx(networks.encoder, encoder, about)
    write_onnx(networks.posterior, posterior, about)
    write_onnx(networks.decoder, decoder, about)


def write_onnx(model: keras.Model, path: str | Path, about: Mapping[str, Any] = {}) -> None:
    """Write a model as ONNX, its inputs and outputs by their names.

    about: metadata, each value as JSON. Under another backend than TensorFlow, a process with
    TensorFlow does it.
    """
    with atomic(path) as part:
        if keras.backend.backend() == "tensorflow":
            export(model, part)
        else:
            _export_in_tensorflow(model, part)
        graph = onnx.load(part)
        names = [output.name for output in graph.graph.output]
        order = sorted(names, key=lambda n: FIRST.index(n) if n in FIRST else len(FIRST))
        outputs = {output.name: output for output in list(graph.graph.output)}
        del graph.graph.output[:]
        graph.graph.output.extend(outputs[name] for name in order)
        texts = {key: json.dumps(value, ensure_ascii=False) for key, value in about.items()}
        onnx.helper.set_model_props(graph, texts)
        onnx.save(graph, part)


def export(model: keras.Model, path: str | Path) -> None:
    """Write a model as ONNX with TensorFlow: outputs in the order of their names, no metadata."""
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    zeros = [ops.zeros((1, *tensor.shape[1:])) for tensor in model.inputs]
    model(zeros if zeros[1:] else zeros[0])  # Keras exports no model never called
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras looks for np.object
        model.export(path, format="onnx", verbose=False)


def _export_in_tensorflow(model: keras.Model, path: str | Path) -> None:
    check()
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "model.keras")
        model.save(saved)
        subprocess.run(
            [sys.executable, "-c", IN_TENSORFLOW, saved, path],
            env=os.environ
            | {"KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
        )


def architecture(vae: Bound, networks: Networks) -> dict[str, list[dict[str, Any]]]:
    """The layers of both networks: name, type, output shape, number of parameters, inputs.

    Of a hierarchy, whose q(z|x) goes through the decoder, those of the decoder are in it alone.
    """
    if isinstance(vae, HierarchicalVAE):
        decoder = networks.decoder.layers
        names = {layer.name for layer in decoder}
        encoder = [layer for layer in vae.joint.layers if layer.name not in names]
    else:
        encoder, decoder = vae.encoder.layers, vae.decoder.layers
    return {"encoder": _layers(encoder), "decoder": _layers(decoder)}


def _layers(layers: list[keras.Layer]) -> list[dict[str, Any]]:
    drawn = [_layer(layer) for layer in layers]
    names = {layer["name"] for layer in drawn}
    for layer in drawn:
        layer["inputs"] = [name for name in layer["inputs"] if name in names]
    return drawn


def _layer(layer: keras.Layer) -> dict[str, Any]:
    is_input = isinstance(layer, keras.layers.InputLayer)
    inputs = [] if is_input else tree.flatten(layer.input)
    config = layer.get_config()
    return {
        "name": layer.name,
        "type": type(layer).__name__,
        "output_shape": list(layer.output.shape[1:]),
        "parameters": int(sum(np.prod(weight.shape) for weight in layer.weights)),
        "inputs": list(dict.fromkeys(name for tensor in inputs for name in _layers_before(tensor))),
        "detail": config.get("activation") or "",
    }


def _layers_before(tensor: keras.KerasTensor) -> list[str]:
    """Names of the layers that a tensor comes from, maybe by operations that are no layers."""
    history = tensor._keras_history
    if isinstance(history.operation, keras.Layer):
        return [history.operation.name]
    node = history.operation._inbound_nodes[history.node_index]
    return [name for before in node.input_tensors for name in _layers_before(before)]
