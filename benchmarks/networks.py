"""The networks that are measured, as plain lists of layers: what the peers build, and its FLOPs.

Neither Keras nor PyTorch here, so that the work that is counted does not depend on how an engine
does it.
"""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layer:
    """A layer with a kernel and a bias, and with ReLU behind it where `relu`.

    kind: dense, conv, or transposed, a convolution that enlarges; both keep or divide sizes by
    their stride, rounded up («same»). given, result: shapes without the batch, [n] or [H, W, C].
    """

    kind: str
    given: tuple[int, ...]
    result: tuple[int, ...]
    kernel: int = 1
    stride: int = 1
    relu: bool = True

    @property
    def weights(self) -> int:
        """Numbers in the kernel, without the bias."""
        return self.kernel**2 * self.given[-1] * self.result[-1]

    @property
    def multiplications(self) -> int:
        """Of an image on its way forward.

        Each weight meets each position: of the result, or, in a transposed convolution, of what it
        is given.
        """
        positions = (self.given if self.kind == "transposed" else self.result)[:-1]
        return math.prod(positions) * self.weights


@dataclass(frozen=True)
class Network:
    """A VAE: layers of the encoder, the two that give z_mean and z_log_var, layers of the decoder.

    Between dense layers and others, values are flattened, or made a map again; the last map is cut
    to the size of the image.
    """

    image_shape: tuple[int, int, int]
    encoder: list[Layer]
    heads: list[Layer]
    decoder: list[Layer]

    @property
    def layers(self) -> list[Layer]:
        """All of them."""
        return [*self.encoder, *self.heads, *self.decoder]

    @property
    def parameters(self) -> int:
        """Weights and biases; without the variance of a Gaussian likelihood."""
        return sum(layer.weights + layer.result[-1] for layer in self.layers)


def training_flops(network: Network) -> int:
    """Floating-point operations of training on one image: multiplications and additions of kernels.

    Forward once; backward twice as many, for the gradients of the weights and of what a layer is
    given, which the first layer does not need. Biases, ReLU, the loss and the optimizer, a few
    operations a value each, are left out: the limit that follows is one that no engine can reach.
    """
    forward = sum(layer.multiplications for layer in network.layers)
    return 2 * (3 * forward - network.encoder[0].multiplications)


def build(image_shape: tuple[int, int, int], run: dict[str, Any]) -> Network:
    """The network of a run, `mlp` or `conv`, as scripts/vae/models/ has it."""
    return {"mlp": _mlp, "conv": _conv}[run["model"]](image_shape, run)


def _mlp(image_shape: tuple[int, int, int], run: dict[str, Any]) -> Network:
    pixels, hidden = math.prod(image_shape), run["intermediate_dim"]
    return Network(
        image_shape,
        [_dense(pixels, hidden)],
        _heads(hidden, run["latent_dim"]),
        [_dense(run["latent_dim"], hidden), _dense(hidden, pixels, relu=False)],
    )


def _conv(image_shape: tuple[int, int, int], run: dict[str, Any]) -> Network:
    *size, channels = image_shape
    halvings = max(0, math.ceil(math.log2(min(size) / 16)))
    strides = [2] * halvings + [1] * (3 - halvings)
    small = halvings < 2
    first = 2 if small else 3

    maps = [image_shape, image_shape]
    for stride in strides:
        maps.append((*(math.ceil(side / stride) for side in maps[-1][:2]), run["filters"]))
    kernels = [first] + [2 if small and stride == 2 else 3 for stride in strides]
    pairs = zip(maps[:-1], maps[1:], kernels, [1, *strides], strict=True)
    encoder = [Layer("conv", *layer) for layer in pairs]
    features, hidden = math.prod(maps[-1]), run["intermediate_dim"]

    decoder = [_dense(run["latent_dim"], hidden), _dense(hidden, features)]
    given = maps[-1]
    for layer in encoder[:0:-1]:
        result = (*(side * layer.stride for side in given[:2]), run["filters"])
        decoder.append(Layer("transposed", given, result, layer.kernel, layer.stride))
        given = result
    decoder.append(Layer("conv", given, (*given[:2], channels), first, relu=False))
    heads = _heads(hidden, run["latent_dim"])
    return Network(image_shape, [*encoder, _dense(features, hidden)], heads, decoder)


def _dense(given: int, result: int, relu: bool = True) -> Layer:
    return Layer("dense", (given,), (result,), relu=relu)


def _heads(hidden: int, latent_dim: int) -> list[Layer]:
    return [_dense(hidden, latent_dim, relu=False)] * 2
