"""RealNVP (Dinh et al. 2017, arXiv 1605.08803), a learned prior: a flow from u to z ~ N(0, I).

As the prior of a VAE, trained with it: Xu et al. 2019 (arXiv 1905.13452). The flow is a chain of
couplings. Each leaves half of the dimensions, a, as they are, and from them computes scales s and
shifts t of the other half, b: z_b = u_b exp(s(u_a)) + t(u_a). So log |det dz/du| is the sum of all
s, and u follows from z as easily as z from u.

In a conditional model s and t depend on the class, too, so that z is N(0, I) in every class.
"""

import math

import keras
import numpy as np
from keras import initializers, layers, ops

from vae.plan.run_settings import RunSettings
from vae.priors import Map, Stock

SETTINGS = {
    "couplings": {"type": "whole", "bounds": {"ge": 2, "le": 256}, "default": 16,
                  "abbreviation": "cp", "description": "couplings of the prior `flow`"},
    "flow_hidden": {"type": "whole", "bounds": {"ge": 1, "le": 4096}, "default": 64,
                    "abbreviation": "fh",
                    "description": "hidden units of each coupling of the prior `flow`"},
}  # fmt: skip
MIN_LATENT_DIM = 2  # a half each


def build(latent_dim: int, run: RunSettings, classes: int = 0) -> Map:
    """The flow of a run; before training it is the identity."""
    flow = Flow(latent_dim, run.couplings, run.flow_hidden, classes, run.seed)
    return Map(flow, flow.stock)


class Flow(keras.Layer):
    """From u [B, D], or a list of u and one-hot classes [B, K], to `z` [B, D], `log_det` [B, 1].

    s is tanh times a learned gain. Always in float32. The weights of all couplings are stacked:
    as layers of their own, with many small variables, they would take nearly twice the time
    (docs/engine-notes.md).
    """

    def __init__(self, latent_dim: int, couplings: int, hidden: int, classes: int, seed: int):
        super().__init__(name="flow", dtype="float32")
        self.latent_dim, self.classes = latent_dim, classes
        changed = _changed(latent_dim, couplings, seed)
        seen = np.pad(1 - changed, ((0, 0), (0, classes)), constant_values=1)
        self.seen = seen[:, :, None]
        self.computed = np.tile(changed, 2)
        # Glorot's, of what a hidden unit sees.
        limit = math.sqrt(6 / (latent_dim / 2 + classes + hidden))
        uniform = initializers.RandomUniform(-limit, limit, seed)
        shape = (couplings, latent_dim + classes, hidden)
        self.hidden_kernel = self.add_weight(shape, uniform, name="hidden_kernel")
        self.hidden_bias = self.add_weight((couplings, hidden), "zeros", name="hidden_bias")
        shape = (couplings, hidden, 2 * latent_dim)
        self.kernel = self.add_weight(shape, "zeros", name="kernel")  # of s, then of t
        self.bias = self.add_weight((couplings, 2 * latent_dim), "zeros", name="bias")
        self.gain = self.add_weight((couplings, latent_dim), "ones", name="gain")

    def call(self, inputs):
        """z, and log |det dz/du|."""
        z, *label = inputs if isinstance(inputs, list | tuple) else [inputs]
        scales = 0.0
        stacks = map(ops.unstack, self._stacks())
        for hidden_kernel, hidden_bias, kernel, bias, gain in zip(*stacks, strict=True):
            seen = ops.concatenate([z, *label], axis=1) if label else z
            hidden = ops.relu(ops.matmul(seen, hidden_kernel) + hidden_bias)
            scale, shift = ops.split(ops.matmul(hidden, kernel) + bias, 2, axis=1)
            scale = ops.tanh(scale) * gain
            z = z * ops.exp(scale) + shift
            scales = scales + scale
        return {"z": z, "log_det": ops.sum(scales, axis=1, keepdims=True)}

    def stock(self) -> Stock:
        """The flow of now, and its inverse, as models of stock layers."""
        return Stock(self._network(inverse=False), self._network(inverse=True))

    def _stacks(self):
        """The weights, stacked; zero where a coupling sees nothing or changes nothing."""
        return (
            ops.multiply(self.hidden_kernel, self.seen),
            ops.convert_to_tensor(self.hidden_bias),
            ops.multiply(self.kernel, self.computed[:, None]),
            ops.multiply(self.bias, self.computed),
            ops.convert_to_tensor(self.gain),
        )

    def _network(self, inverse: bool) -> keras.Model:
        values = keras.Input((self.latent_dim,), name="z" if inverse else "u")
        label = [keras.Input((self.classes,), name="class")] if self.classes else []
        sign = -1 if inverse else 1
        stacks = (ops.convert_to_numpy(stack)[::sign] for stack in self._stacks())
        current, scales = values, []
        for hidden_kernel, hidden_bias, kernel, bias, gain in zip(*stacks, strict=True):
            seen = layers.Concatenate()([current, *label]) if label else current
            hidden = _dense(seen, hidden_kernel, hidden_bias, "relu")
            of_scale, of_shift = zip(np.split(kernel, 2, axis=1), np.split(bias, 2), strict=True)
            scale = _dense(hidden, *of_scale, "tanh")
            scale = layers.Rescaling((sign * gain).tolist())(scale)
            shift = _dense(hidden, *of_shift)
            factor = layers.Activation("exponential")(scale)
            if inverse:
                current = layers.Multiply()([layers.Subtract()([current, shift]), factor])
            else:
                current = layers.Add()([layers.Multiply()([current, factor]), shift])
                scales.append(scale)
        inputs = [values, *label] if label else values
        if inverse:
            return keras.Model(inputs, current, name="from_prior")
        total = layers.Dense(1, use_bias=False, kernel_initializer="ones", name="log_det")
        outputs = {"z": current, "log_det": total(layers.Add()(scales))}
        return keras.Model(inputs, outputs, name="to_prior")


def _changed(latent_dim: int, couplings: int, seed: int) -> np.ndarray:
    """Which dimensions each coupling changes, 1 or 0: [K, D].

    A half at random, then the other half, and so on.
    """
    half = np.arange(latent_dim) >= latent_dim // 2
    halves = np.tile(half, (math.ceil(couplings / 2), 1))
    halves = np.random.default_rng(seed).permuted(halves, axis=1)
    pairs = np.stack([halves, ~halves], axis=1)
    return pairs.reshape(-1, latent_dim)[:couplings].astype(np.float32)


def _dense(inputs, kernel: np.ndarray, bias: np.ndarray, activation: str | None = None):
    layer = layers.Dense(len(bias), activation)
    outputs = layer(inputs)
    layer.set_weights([kernel, bias])
    return outputs
