"""The straight port of the original project's scripts to Keras 3: what they would be today.

Images scaled to float32 beforehand, a model that adds its loss to itself, rmsprop, `fit`, and
Keras's defaults for all else. The loss alone is corrected (noise of the posterior's standard
deviation, sums over pixels, channels and latent dimensions, this project's likelihoods), so that
what comes out can be compared. Runs on any backend of Keras.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from benchmarks import networks
from benchmarks.networks import Layer
from vae import likelihoods


class Sampling(layers.Layer):
    """z drawn from q(z|x); adds the KL to the model's loss."""

    def __init__(self, seed: int):
        super().__init__()
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, z_mean, z_log_var):
        """z: [B, D], in nats an image."""
        kl = 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
        self.add_loss(ops.mean(ops.sum(kl, axis=1)))
        noise = keras.random.normal(ops.shape(z_mean), seed=self.noise)
        return z_mean + ops.exp(z_log_var / 2) * noise


class Reconstruction(layers.Layer):
    """Adds -log p(x|z) to the model's loss."""

    def __init__(self, likelihood):
        super().__init__()
        self.likelihood = likelihood

    def call(self, image, parameters):
        """The mean, as it came."""
        self.add_loss(-ops.mean(self.likelihood.log_prob(image, parameters)))
        return parameters["mean"]


def build(
    image_shape: tuple[int, int, int], run: dict[str, Any], xla: bool = False
) -> tuple[keras.Model, keras.Model, keras.Model]:
    """The compiled VAE, its encoder and its decoder, which give what this project's give.

    xla: compile with XLA whatever Keras thinks of it.
    """
    keras.utils.set_random_seed(run["seed"])
    network, likelihood = networks.build(image_shape, run), likelihoods.get(run["likelihood"])

    image = keras.Input(image_shape, name="image")
    hidden = _chain(image, network.encoder)
    names = ("z_mean", "z_log_var")
    heads = [_layer(layer, name)(hidden) for layer, name in zip(network.heads, names, strict=True)]
    encoder = keras.Model(image, dict(zip(names, heads, strict=True)), name="encoder")

    z = keras.Input((run["latent_dim"],), name="z")
    logits = _chain(z, network.decoder)
    if network.decoder[-1].kind == "dense":
        logits = layers.Reshape(image_shape)(logits)
    margins = [have - want for have, want in zip(logits.shape[1:3], image_shape[:2], strict=True)]
    logits = layers.Cropping2D([(m // 2, m - m // 2) for m in margins])(logits)
    decoder = keras.Model(z, logits)
    decoder = keras.Model(z, likelihood.parameters(decoder, image_shape[-1]), name="decoder")

    z = Sampling(run["seed"])(*encoder(image).values())
    vae = keras.Model(image, Reconstruction(likelihood)(image, decoder(z)), name="vae")
    vae.compile(optimizer="rmsprop", jit_compile=xla or "auto")
    return vae, encoder, decoder


def fit(
    pixels: np.ndarray,
    run: dict[str, Any],
    epoch_done: Callable[[], None] = lambda: None,
    xla: bool = False,
) -> tuple[keras.Model, keras.Model]:
    """Train on uint8 images [N, H, W, C]; return encoder and decoder."""
    x = pixels.astype("float32") / 255.0
    vae, encoder, decoder = build(pixels.shape[1:], run, xla)
    vae.fit(
        x,
        epochs=run["epochs"],
        batch_size=run["batch_size"],
        shuffle=True,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch_done())],
        verbose=0,
    )
    return encoder, decoder


def _chain(hidden: keras.KerasTensor, chain: list[Layer]) -> keras.KerasTensor:
    for layer in chain:
        if layer.kind == "dense" and hidden.ndim > 2:
            hidden = layers.Flatten()(hidden)
        elif layer.kind != "dense" and hidden.ndim == 2:
            hidden = layers.Reshape(layer.given)(hidden)
        hidden = _layer(layer)(hidden)
    return hidden


def _layer(layer: Layer, name: str | None = None) -> layers.Layer:
    activation = "relu" if layer.relu else None
    units = layer.result[-1]
    if layer.kind == "dense":
        return layers.Dense(units, activation, name=name)
    kind = {"conv": layers.Conv2D, "transposed": layers.Conv2DTranspose}[layer.kind]
    return kind(units, layer.kernel, layer.stride, "same", activation=activation, name=name)
