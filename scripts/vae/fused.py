"""Layers that a training on a CPU puts in the place of stock ones, and that give what those give.

oneDNN computes a convolution with its bias and its ReLU in one go, but not a transposed one. There,
TensorFlow makes a pass for each over some of the largest tensors of the network, and in bfloat16
these take longer than the convolutions. XLA, slow at convolutions, makes one pass of them.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

ACTIVATIONS = ("relu", "linear")


def swapped(network: keras.Model) -> keras.Model:
    """A copy of a network, weights included, with layers of this module where they are of use.

    For TensorFlow, without XLA around it.
    """
    copy = keras.models.clone_model(network, clone_function=_swap)
    copy.set_weights(network.get_weights())
    return copy


class FusedConv2DTranspose(layers.Conv2DTranspose):
    """A transposed convolution, then bias and activation in one pass; so, too, their gradients."""

    def call(self, inputs):
        """[B, H, W, C] to [B, H', W', filters]."""
        outputs = ops.conv_transpose(
            inputs,
            self.kernel,
            strides=list(self.strides),
            padding=self.padding,
            output_padding=self.output_padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        relu = self.activation is keras.activations.relu
        return _add_bias(outputs, self.bias, relu)


class FusedCropping2D(layers.Cropping2D):
    """A crop whose gradient is one pass."""

    def call(self, inputs):
        """[B, H, W, C] to [B, H', W', C]."""
        return _crop(inputs, self.cropping)


def _swap(layer: keras.Layer) -> keras.Layer:
    config, kind = layer.get_config(), type(layer)
    if kind is layers.Conv2DTranspose and layer.use_bias and config["activation"] in ACTIVATIONS:
        kind = FusedConv2DTranspose
    elif kind is layers.Cropping2D and layer.cropping != ((0, 0), (0, 0)):
        kind = FusedCropping2D
    return kind.from_config(config)


def _fused(function: Callable[..., Any]) -> Callable[..., Any]:
    import tensorflow as tf

    return tf.function(function, jit_compile=True, autograph=False)


def _add_bias(outputs, bias, relu: bool):
    import tensorflow as tf

    zero = tf.zeros((), outputs.dtype)
    add = (lambda x, b: tf.maximum(x + b, zero)) if relu else (lambda x, b: x + b)

    @tf.custom_gradient
    def activation(x, b):
        y = _fused(add)(x, b)

        def gradient(dy):
            dx = _fused(lambda y, dy: tf.where(y > 0, dy, zero))(y, dy) if relu else dy
            flat = tf.reshape(dx, (-1, dx.shape[-1]))
            # A sum over millions of rows, by oneDNN: XLA would add them up on one thread.
            return dx, tf.matmul(tf.ones((1, tf.shape(flat)[0]), flat.dtype), flat)[0]

        return y, gradient

    return activation(outputs, tf.identity(bias))


def _crop(images, margins):
    import tensorflow as tf

    (top, bottom), (left, right) = margins
    height, width = images.shape[1:3]

    @tf.custom_gradient
    def crop(x):
        def gradient(dy):
            return _fused(lambda dy: tf.pad(dy, ((0, 0), *margins, (0, 0))))(dy)

        return x[:, top : height - bottom, left : width - right], gradient

    return crop(images)
