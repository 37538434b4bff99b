"""A trained VAE as files that load anywhere: Keras models of stock layers, and ONNX."""

import logging
import os
import subprocess
import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from vae.models.inputs import joined
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.training.elbo import VAE

IN_TENSORFLOW = """\
import sys, keras
from vae.training import export
export.write_onnx(keras.saving.load_model(sys.argv[1]), sys.argv[2])
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


def save_keras(vae: VAE, encoder: str | Path, decoder: str | Path, whole: str | Path) -> None:
    """Write three .keras files that need no custom code.

    `encoder` gives z_mean and z_log_var [B, D] for images [B, H, W, C] in [0, 1]; `decoder` the
    mean for z; `whole` the reconstruction of an image, decoded from its z_mean. Those of a
    conditional model take a list: the same, and one-hot classes [B, K].
    """
    mean = keras.Model(vae.decoder.input, vae.decoder.output["mean"], name="decoder")
    inputs = [keras.Input(tensor.shape[1:], name=tensor.name) for tensor in vae.encoder.inputs]
    image, label = (*inputs, None)[:2]
    z_mean = vae.encoder(joined(image, label))["z_mean"]
    reconstruction = keras.Model(joined(image, label), mean(joined(z_mean, label)), name="vae")
    for model, path in ((vae.encoder, encoder), (mean, decoder), (reconstruction, whole)):
        with atomic(path) as part:
            model.save(part)


def save_onnx(vae: VAE, encoder: str | Path, decoder: str | Path) -> None:
    """Write the encoder (`image` to `z_mean`, `z_log_var`) and the decoder.

    The decoder gives for `z` the `mean` in [0, 1] and the parameters of its likelihood, so that a
    likelihood can be computed without clipping.
    """
    write_onnx(vae.encoder, encoder)
    write_onnx(vae.decoder, decoder)


def write_onnx(model: keras.Model, path: str | Path) -> None:
    """Write a model as ONNX, its inputs and outputs by their names.

    Under another backend than TensorFlow, a process with TensorFlow does it.
    """
    if keras.backend.backend() != "tensorflow":
        _write_in_tensorflow(model, path)
        return
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    zeros = [ops.zeros((1, *tensor.shape[1:])) for tensor in model.inputs]
    model(zeros if zeros[1:] else zeros[0])  # Keras exports no model never called
    with atomic(path) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras looks for np.object
        model.export(part, format="onnx", verbose=False)


def _write_in_tensorflow(model: keras.Model, path: str | Path) -> None:
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


def architecture(vae: VAE) -> dict[str, list[dict[str, Any]]]:
    """The layers of both networks: name, type, output shape, number of parameters, inputs."""
    return {
        model.name: [_layer(layer) for layer in model.layers]
        for model in (vae.encoder, vae.decoder)
    }


def _layer(layer: keras.Layer) -> dict[str, Any]:
    is_input = isinstance(layer, keras.layers.InputLayer)
    inputs = [] if is_input else tree.flatten(layer.input)
    config = layer.get_config()
    return {
        "name": layer.name,
        "type": type(layer).__name__,
        "output_shape": list(layer.output.shape[1:]),
        "parameters": int(sum(np.prod(weight.shape) for weight in layer.weights)),
        "inputs": [tensor._keras_history.operation.name for tensor in inputs],
        "detail": config.get("activation") or "",
    }
