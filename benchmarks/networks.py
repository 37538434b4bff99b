"""The networks that are measured, as plain lists of layers: what the peers build, and its FLOPs.

Neither Keras nor PyTorch here, so that the work that is counted does not depend on how an engine
does it.
"""

import math
from dataclasses import dataclass, field
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

    prior: layers of a learned prior.
    """

    image_shape: tuple[int, int, int]
    encoder: list[Layer]
    heads: list[Layer]
    decoder: list[Layer]
    prior: list[Layer] = field(default_factory=list)

    @property
    def layers(self) -> list[Layer]:
        """All of them."""
        return [*self.encoder, *self.heads, *self.decoder, *self.prior]

    @property
    def parameters(self) -> int:
        """Weights and biases, without the prior's and the variance of a Gaussian likelihood."""
        networks = [*self.encoder, *self.heads, *self.decoder]
        return sum(layer.weights + layer.result[-1] for layer in networks)


def training_flops(network: Network) -> int:
    """Floating-point operations of training on one image: multiplications and additions of kernels.

    Forward once; backward twice as many, for the gradients of the weights and of what a layer is
    given, which the first layer does not need. Biases, ReLU, the loss and the optimizer, a few
    operations a value each, are left out: the limit that follows is one that no engine can reach.
    """
    forward = sum(layer.multiplications for layer in network.layers)
    return 2 * (3 * forward - network.encoder[0].multiplications)


def build(image_shape: tuple[int, int, int], run: dict[str, Any]) -> Network:
    """The network of a run, as scripts/vae/models/ has it; not `resnet`."""
    kinds = {"mlp": _mlp, "conv": _conv, "ladder": _ladder, "spatial": _spatial}
    network = kinds[run["model"]](image_shape, run)
    if run.get("prior") == "flow":
        network.prior.extend(layer for pair in flow(run) for layer in pair)
    return network


def flow(run: dict[str, Any]) -> list[tuple[Layer, Layer]]:
    """The two layers of each coupling of a flow, of half of the dimensions."""
    kept = run["latent_dim"] // 2
    changed = run["latent_dim"] - kept
    hidden = run["flow_hidden"]
    coupling = _dense(kept, hidden), _dense(hidden, 2 * changed, relu=False)
    return [coupling] * run["couplings"]


def scales(image_shape: tuple[int, int, int], run: dict[str, Any]) -> list[tuple[int, int]]:
    """Sizes of the maps of `ladder`, from coarse to fine."""
    sizes = [_divided(image_shape[:2], run["patch"])]
    while min(sizes[0]) > 8:
        sizes.insert(0, _divided(sizes[0], 2))
    return sizes


def ladder(image_shape: tuple[int, int, int], run: dict[str, Any]) -> dict[str, Layer]:
    """The layers of `ladder` by name; those of a map of detail end in its number."""
    filters, patch, hidden = run["filters"], run["patch"], run["intermediate_dim"]
    code, channels, levels = run["latent_dim"], run["latent_channels"], run["levels"]
    sizes = scales(image_shape, run)
    maps = [(*size, filters) for size in sizes]
    parts = {"patches": Layer("conv", image_shape, maps[-1], patch, patch)}
    parts |= _block("image_block_1", maps[-1]) | _block("image_block_2", maps[-1])
    for scale in range(len(maps) - 1, 0, -1):
        parts[f"halves_{scale}"] = Layer("conv", maps[scale], maps[scale - 1], 2, 2)
        parts |= _block(f"image_block_halved_{scale}", maps[scale - 1])
    parts["code_hidden"] = _dense(math.prod(maps[0]), hidden)
    parts["code_mean"], parts["code_log_var"] = [_dense(hidden, code, relu=False)] * 2
    parts["hidden"] = _dense(code, hidden)
    parts["features"] = _dense(code + hidden, math.prod(maps[0]), relu=False)
    parts |= _block("block_0", maps[0])
    for scale in range(1, len(maps)):
        parts[f"doubles_{scale}"] = Layer("transposed", maps[scale - 1], maps[scale], 2, 2)
        parts |= _block(f"block_{scale}", maps[scale])
    for level in range(levels):
        shape = maps[level * len(maps) // levels]
        seen, values, inner = ((*shape[:2], n) for n in (2 * filters, channels, 32))
        parts[f"posterior_{level}"] = Layer("conv", seen, inner, 3)
        for name in ("mean", "log_var"):
            parts[f"{name}_{level}"] = Layer("conv", inner, values, relu=False)
        parts[f"scale_{level}"] = Layer("conv", shape, values, relu=False)
        parts[f"change_{level}"] = Layer("conv", values, shape, relu=False)
        parts |= _block(f"block_of_{level}", shape)
    parts["patches_out"] = Layer("transposed", maps[-1], image_shape, patch, patch, relu=False)
    return parts


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


def spatial(image_shape: tuple[int, int, int], run: dict[str, Any]) -> dict[str, Layer]:
    """The layers of `spatial` by name."""
    patch = 2 ** max(2, math.ceil(math.log2(min(image_shape[:2]) / 12)))
    size = _divided(image_shape[:2], patch)
    features = (*size, run["filters"])
    code = (*size, run["latent_dim"] // math.prod(size))
    return {
        "patches": Layer("conv", image_shape, features, patch, patch),
        **_block("image_block_1", features),
        **_block("image_block_2", features),
        "mean": Layer("conv", features, code, relu=False),
        "log_var": Layer("conv", features, code, relu=False),
        "features": Layer("conv", code, features, 3),
        **_block("block_3", features),
        **_block("block_2", features),
        **_block("block_1", features),
        "patches_out": Layer("transposed", features, image_shape, patch, patch, relu=False),
    }


def _block(name: str, shape: tuple[int, ...]) -> dict[str, Layer]:
    return {f"{name}_{half}": Layer("conv", shape, shape, 3) for half in "ab"}


def _spatial(image_shape: tuple[int, int, int], run: dict[str, Any]) -> Network:
    return Network(image_shape, list(spatial(image_shape, run).values()), [], [])


def _ladder(image_shape: tuple[int, int, int], run: dict[str, Any]) -> Network:
    return Network(image_shape, list(ladder(image_shape, run).values()), [], [])


def _divided(size: tuple[int, ...], by: int) -> tuple[int, int]:
    height, width = size
    return math.ceil(height / by), math.ceil(width / by)


def _dense(given: int, result: int, relu: bool = True) -> Layer:
    return Layer("dense", (given,), (result,), relu=relu)


def _heads(hidden: int, latent_dim: int) -> list[Layer]:
    return [_dense(hidden, latent_dim, relu=False)] * 2
