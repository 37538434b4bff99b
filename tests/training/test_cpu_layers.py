import keras
import numpy as np
import pytest
from keras import layers

from vae.training import cpu_layers


@pytest.mark.parametrize("activation", ["relu", "linear"])
@pytest.mark.parametrize("margins", [((0, 1), (2, 1)), 0])
def test_values_and_gradients_are_those_of_the_stock_layers(activation, margins):
    keras.utils.set_random_seed(0)
    image = keras.Input((5, 4, 2))
    hidden = layers.Conv2DTranspose(3, 3, 2, "same", activation=activation)(image)
    network = keras.Model(image, layers.Cropping2D(margins)(hidden))
    network.layers[1].bias.assign([0.1, -0.2, 0.0])
    swapped = cpu_layers.swapped(network)
    kinds = [type(layer).__name__ for layer in swapped.layers[1:]]
    assert kinds == ["FusedConv2DTranspose", "FusedCropping2D" if margins else "Cropping2D"]
    assert_same_values_and_gradients(network, swapped)


@pytest.mark.parametrize("filters", [1, 3])
@pytest.mark.parametrize("kernel", [3, (2, 5), (1, 4)])
@pytest.mark.parametrize("width", [1, 4, 7])
def test_a_convolution_to_few_channels_is_that_of_the_stock_layer(filters, kernel, width):
    keras.utils.set_random_seed(0)
    image = keras.Input((5, width, 8))
    network = keras.Model(image, layers.Conv2D(filters, kernel, padding="same")(image))
    network.layers[1].bias.assign(np.arange(filters))
    swapped = cpu_layers.swapped(network)
    assert isinstance(swapped.layers[1], cpu_layers.NarrowConv2D)
    assert_same_values_and_gradients(network, swapped)


def assert_same_values_and_gradients(network, swapped):
    import tensorflow as tf

    shape = (6, *network.input.shape[1:])
    x = tf.constant(np.random.default_rng(0).normal(size=shape).astype(np.float32))

    def values_and_gradients(model):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x)
            loss = tf.reduce_sum(tf.sin(y))
        return [y, *tape.gradient(loss, [x, *[w.value for w in model.trainable_weights]])]

    both = (values_and_gradients(model) for model in (network, swapped))
    for stock, ours in zip(*both, strict=True):
        np.testing.assert_allclose(ours, stock, rtol=1e-5, atol=1e-5)


def test_what_is_of_no_use_stays():
    image = keras.Input((4, 4, 1))
    hidden = layers.Conv2DTranspose(2, 3, activation="tanh", use_bias=True)(image)
    hidden = layers.Conv2DTranspose(2, 3, use_bias=False)(hidden)
    hidden = layers.Conv2D(8, 3, padding="same")(hidden)
    hidden = layers.Conv2D(3, 3, padding="same", activation="relu")(hidden)
    hidden = layers.Conv2D(8, 3, padding="same")(hidden)
    hidden = layers.Conv2D(3, 2, padding="same")(hidden)
    hidden = layers.Conv2D(1, 3, padding="same")(hidden)
    hidden = layers.Conv2D(8, 3, padding="same")(hidden)
    network = keras.Model(image, layers.Conv2D(1, 3)(hidden))
    kinds = [type(layer) for layer in cpu_layers.swapped(network).layers]
    assert kinds == [type(layer) for layer in network.layers]
