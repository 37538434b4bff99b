"""Layers that a training on a CPU puts in the place of stock ones, and that give what those give.

oneDNN computes a convolution with its bias and its ReLU in one go, but not a transposed one. There,
TensorFlow makes a pass for each over some of the largest tensors of the network, and in bfloat16
these take longer than the convolutions. XLA, slow at convolutions, makes one pass of them.

A convolution to the three channels of an image leaves most of a vector of 16 numbers empty. The
same products, put together otherwise, fill it: two thirds of the time forward, a quarter for the
gradient of the kernel.
"""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

ACTIVATIONS = ("relu", "linear")
NARROW = 4  # filters at most


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


class NarrowConv2D(layers.Conv2D):
    """A convolution to few channels: several neighbours at a time, as channels of one of a stride.

    The gradient of its kernel is that of a convolution the other way: from the few channels to the
    many, which is what oneDNN knows from the first layer of a network of images.
    """

    def call(self, inputs):
        """[B, H, W, C] to [B, H, W, filters]."""
        return _convolve(inputs, self.kernel, self.bias)


class FusedCropping2D(layers.Cropping2D):
    """A crop whose gradient is one pass."""

    def call(self, inputs):
        """[B, H, W, C] to [B, H', W', C]."""
        return _crop(inputs, self.cropping)


def _swap(layer: keras.Layer) -> keras.Layer:
    config, kind = layer.get_config(), type(layer)
    if kind is layers.Conv2DTranspose and layer.use_bias and config["activation"] in ACTIVATIONS:
        kind = FusedConv2DTranspose
    elif kind is layers.Conv2D and _is_narrow(layer):
        kind = NarrowConv2D
    elif kind is layers.Cropping2D and layer.cropping != ((0, 0), (0, 0)):
        kind = FusedCropping2D
    return kind.from_config(config)


def _is_narrow(layer: layers.Conv2D) -> bool:
    plain = (layer.strides, layer.dilation_rate, layer.groups) == ((1, 1), (1, 1), 1)
    same = layer.padding == "same" and layer.data_format == "channels_last"
    linear = layer.use_bias and layer.activation is keras.activations.linear
    narrow = layer.filters <= NARROW < layer.kernel.shape[2]
    # Kernels of two columns would be mostly zeros when put side by side.
    return plain and same and linear and narrow and layer.kernel_size[1] > 2


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
            return dx, _sum_positions(dx)

        return y, gradient

    return activation(outputs, tf.identity(bias))


def _convolve(images, kernel, bias):
    import tensorflow as tf

    rows, columns, channels, filters = kernel.shape
    width = images.shape[2]
    steps = math.ceil(width / NARROW)
    before = ((rows - 1) // 2, (columns - 1) // 2)  # what «same» pads with
    after = (rows // 2, columns // 2)

    @tf.custom_gradient
    def convolve(x, kernel, bias):
        shifts = [((0, 0), (i, NARROW - 1 - i), (0, 0), (0, 0)) for i in range(NARROW)]
        wide = tf.concat([tf.pad(kernel, shift) for shift in shifts], axis=3)
        end = steps * NARROW - width + after[1]
        margins = [[0, 0], [before[0], after[0]], [before[1], end], [0, 0]]
        y = tf.nn.conv2d(x, wide, (1, NARROW), margins)
        y = tf.nn.bias_add(y, tf.tile(bias, [NARROW]))
        y = tf.reshape(y, (-1, x.shape[1], steps * NARROW, filters))[:, :, :width]

        def gradient(dy):
            dx = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(x),
                filter=kernel,
                out_backprop=dy,
                strides=[1, 1, 1, 1],
                padding="SAME",
            )
            # Padded beforehand, since oneDNN takes no padding but «same» and «valid» here.
            padding = ((0, 0), (after[0], before[0]), (after[1], before[1]), (0, 0))
            turned = tf.raw_ops.Conv2DBackpropFilter(
                input=tf.pad(dy, padding),
                filter_sizes=[rows, columns, filters, channels],
                out_backprop=x,
                strides=[1, 1, 1, 1],
                padding="VALID",
            )
            dkernel = tf.transpose(tf.reverse(turned, axis=[0, 1]), (0, 1, 3, 2))
            return dx, dkernel, _sum_positions(dy)

        return y, gradient

    return convolve(images, tf.identity(kernel), tf.identity(bias))


def _sum_positions(values):
    """Sum [B, H, W, C] to [C] with a product of oneDNN's: XLA would add up on one thread."""
    import tensorflow as tf

    rows = tf.reshape(values, (-1, math.prod(values.shape[2:])))
    columns = tf.matmul(tf.ones((1, tf.shape(rows)[0]), rows.dtype), rows)
    columns = tf.reshape(tf.cast(columns, "float32"), values.shape[2:])
    return tf.cast(tf.reduce_sum(columns, axis=0), values.dtype)


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
