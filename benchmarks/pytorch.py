"""The same VAEs in PyTorch, as its good users write them: uint8 images, Adam, no work that is not
needed.

Eager, with channels last, compiled, and in bfloat16, as the caller chooses.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks import networks
from benchmarks.networks import Layer


class Bound(nn.Module):
    """Minus the ELBO in nats an image; a subclass has the networks, and `passes` through them."""

    def __init__(self, image_shape: tuple[int, int, int], run: dict[str, Any]):
        super().__init__()
        height, width, channels = image_shape
        self.shape = (channels, height, width)
        self.tenth_of_log_var = None
        if run["likelihood"] == "gaussian":
            self.tenth_of_log_var = nn.Parameter(torch.tensor(math.log(0.05) / 10))

    def passes(self, x: torch.Tensor, half: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of images in [0, 1], and the KL of all images; networks in bfloat16 if `half`."""
        raise NotImplementedError

    def forward(self, x: torch.Tensor, half: bool) -> torch.Tensor:
        """The loss of images [B, C, H, W] in [0, 1]."""
        logits, kl = self.passes(x, half)
        logits = _cropped(logits.float(), self.shape)
        return (self._reconstruction(x, logits) + kl) / len(x)

    def _reconstruction(self, x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        if self.tenth_of_log_var is None:
            return functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        log_var = 10 * self.tenth_of_log_var
        square = ((x - torch.sigmoid(logits)) ** 2).sum() * torch.exp(-log_var)
        return 0.5 * (square + x.numel() * (log_var + math.log(2 * math.pi)))


class VAE(Bound):
    """Encoder, noise, decoder, and a flow if that is the prior."""

    def __init__(self, image_shape: tuple[int, int, int], run: dict[str, Any]):
        super().__init__(image_shape, run)
        network = networks.build(image_shape, run)
        self.encoder = chain(network.encoder, image_shape)
        self.z_mean, self.z_log_var = map(module, network.heads)
        self.decoder = chain(network.decoder, (run["latent_dim"],))
        self.flow = Flow(run) if run["prior"] == "flow" else None

    def passes(self, x: torch.Tensor, half: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Bound`; the flow is in float32."""
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            hidden = self.encoder(x)
            mean, log_var = self.z_mean(hidden).float(), self.z_log_var(hidden).float()
            noise = torch.randn_like(mean)
            u = mean + torch.exp(log_var / 2) * noise
            logits = self.decoder(u)
        if self.flow is None:
            return logits, kl_divergence(mean, log_var)
        z, log_det = self.flow(u)
        return logits, 0.5 * (z**2 - noise**2 - log_var).sum() - log_det


class Flow(nn.Module):
    """RealNVP: half of the dimensions scale and shift the others, in another order each time."""

    def __init__(self, run: dict[str, Any]):
        super().__init__()
        layers = networks.flow(run)
        self.hidden = nn.ModuleList(module(hidden) for hidden, _ in layers)
        self.output = nn.ModuleList(module(output) for _, output in layers)
        self.kept = run["latent_dim"] // 2
        changed = run["latent_dim"] - self.kept
        self.gain = nn.Parameter(torch.ones(len(layers), changed))
        orders = [torch.randperm(run["latent_dim"]) for _ in layers]
        self.register_buffer("orders", torch.stack(orders))

    def forward(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """z, and log |det dz/du| of all rows."""
        log_det = u.new_zeros(())
        coupled = zip(self.hidden, self.output, self.gain, self.orders, strict=True)
        for hidden, output, gain, order in coupled:
            u = u[:, order]
            kept, changed = u[:, : self.kept], u[:, self.kept :]
            scale, shift = output(functional.relu(hidden(kept))).chunk(2, 1)
            scale = torch.tanh(scale) * gain
            u = torch.cat([kept, changed * torch.exp(scale) + shift], 1)
            log_det = log_det + scale.sum()
        return u, log_det


class Residual(Bound):
    """A VAE of named layers and residual blocks."""

    def __init__(
        self, image_shape: tuple[int, int, int], run: dict[str, Any], layers: dict[str, Layer]
    ):
        super().__init__(image_shape, run)
        self.parts = nn.ModuleDict({name: module(layer) for name, layer in layers.items()})
        for name, part in self.parts.items():
            if name.startswith(("log_var", "code_log_var")):
                nn.init.zeros_(part.weight)
                nn.init.zeros_(part.bias)

    def _drawn(
        self, seen: torch.Tensor, mean: str, log_var: str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        means, log_vars = self.parts[mean](seen).float(), self.parts[log_var](seen).float()
        values = means + torch.exp(log_vars / 2) * torch.randn_like(means)
        return values, kl_divergence(means, log_vars)

    def _block(self, hidden: torch.Tensor, name: str) -> torch.Tensor:
        inner = functional.relu(self.parts[f"{name}_a"](functional.relu(hidden)))
        return hidden + self.parts[f"{name}_b"](inner)


class Spatial(Residual):
    """A map of codes between residual blocks."""

    def __init__(self, image_shape: tuple[int, int, int], run: dict[str, Any]):
        super().__init__(image_shape, run, networks.spatial(image_shape, run))

    def passes(self, x: torch.Tensor, half: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Bound`; draws and the last layer are in float32."""
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            hidden = self._block(self.parts["patches"](x), "image_block_1")
            hidden = self._block(hidden, "image_block_2")
            code, kl = self._drawn(hidden, "mean", "log_var")
            hidden = self.parts["features"](code)
            for i in (3, 2, 1):
                hidden = self._block(hidden, f"block_{i}")
        return self.parts["patches_out"](hidden.float()), kl


class Ladder(Residual):
    """The hierarchical network: the way up, then one way down through posterior and generator."""

    def __init__(self, image_shape: tuple[int, int, int], run: dict[str, Any]):
        super().__init__(image_shape, run, networks.ladder(image_shape, run))
        self.levels = run["levels"]
        self.scales = networks.scales(image_shape, run)

    def passes(self, x: torch.Tensor, half: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Bound`; draws and the last layer are in float32."""
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            features = self._features(x)
            hidden = functional.relu(features[0]).flatten(1)
            hidden = functional.relu(self.parts["code_hidden"](hidden))
            code, kl = self._drawn(hidden, "code_mean", "code_log_var")
            hidden = functional.relu(self.parts["hidden"](code))
            hidden = self.parts["features"](torch.cat([code.to(hidden.dtype), hidden], 1))
            hidden = hidden.unflatten(1, (-1, *self.scales[0]))
            hidden = self._block(hidden, "block_0")
            for scale, size in enumerate(self.scales):
                if scale:
                    hidden = self.parts[f"doubles_{scale}"](hidden)[:, :, : size[0], : size[1]]
                    hidden = self._block(hidden, f"block_{scale}")
                for level in range(self.levels):
                    if level * len(self.scales) // self.levels == scale:
                        hidden, divergence = self._detail(hidden, features[scale], level)
                        kl = kl + divergence
        return self.parts["patches_out"](hidden.float()), kl

    def _features(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Of an image, at each scale from coarse to fine."""
        hidden = self._block(self.parts["patches"](x), "image_block_1")
        features = [self._block(hidden, "image_block_2")]
        for scale in range(len(self.scales) - 1, 0, -1):
            height, width = features[0].shape[2:]
            padded = functional.pad(features[0], (0, width % 2, 0, height % 2))
            hidden = self.parts[f"halves_{scale}"](padded)
            features.insert(0, self._block(hidden, f"image_block_halved_{scale}"))
        return features

    def _detail(
        self, hidden: torch.Tensor, features: torch.Tensor, level: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The map after a level of detail has been drawn, and the level's KL."""
        seen = functional.relu(torch.cat([hidden, features], 1))
        seen = functional.relu(self.parts[f"posterior_{level}"](seen))
        values, kl = self._drawn(seen, f"mean_{level}", f"log_var_{level}")
        scaled = functional.softplus(self.parts[f"scale_{level}"](hidden)) * values
        hidden = hidden + self.parts[f"change_{level}"](scaled)
        return self._block(hidden, f"block_of_{level}"), kl


def fit(
    pixels: np.ndarray,
    run: dict[str, Any],
    epoch_done: Callable[[], None],
    channels_last: bool = False,
    compiled: bool = False,
    half: bool = False,
) -> None:
    """Train on uint8 images [N, H, W, C] for the run's epochs, with a call after each."""
    torch.manual_seed(run["seed"])
    kind = {"ladder": Ladder, "spatial": Spatial}.get(run["model"], VAE)
    vae = kind(pixels.shape[1:], run)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # in memory: channels last
    if channels_last:
        vae = vae.to(memory_format=torch.channels_last)
    else:
        images = images.contiguous()
    optimizer = torch.optim.Adam(vae.parameters(), run["learning_rate"])
    loss_of = torch.compile(vae) if compiled else vae
    for _ in range(run["epochs"]):
        for batch in torch.randperm(len(images)).split(run["batch_size"]):
            optimizer.zero_grad()
            loss_of(images[batch].float() / 255, half).backward()
            optimizer.step()
        epoch_done()


def kl_divergence(mean: torch.Tensor, log_var: torch.Tensor) -> torch.Tensor:
    """KL(N(mean, exp(log_var)) || N(0, I)) of all rows together."""
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum()


def chain(layers: list[Layer], given: tuple[int, ...]) -> nn.Sequential:
    """Layers one after the other, with ReLU and changes of shape between them."""
    modules: list[nn.Module] = []
    shapes = [given, *(layer.result for layer in layers)]
    for (before, _), layer in zip(pairwise(shapes), layers, strict=True):
        if layer.kind == "dense" and len(before) == 3:
            modules.append(nn.Flatten())
        elif layer.kind != "dense" and len(before) == 1:
            height, width, channels = layer.given
            modules.append(nn.Unflatten(1, (channels, height, width)))
        modules.append(module(layer))
        if layer.relu:
            modules.append(nn.ReLU())
    return nn.Sequential(*modules)


def module(layer: Layer) -> nn.Module:
    """Sizes as in Keras with "same"; which margin a stride of 2 pads does not change the work."""
    channels = (layer.given[-1], layer.result[-1])
    if layer.kind == "dense":
        return nn.Linear(*channels)
    if layer.kind == "transposed":
        padding = (layer.kernel - 1) // 2
        missing = layer.stride - layer.kernel + 2 * padding
        return nn.ConvTranspose2d(
            *channels, layer.kernel, layer.stride, padding, output_padding=missing
        )
    padding = "same" if layer.stride == 1 else (layer.kernel - 1) // 2
    return nn.Conv2d(*channels, layer.kernel, layer.stride, padding)


def _cropped(logits: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    if logits.ndim == 2:
        return logits.view(-1, *shape)
    top, left = ((have - want) // 2 for have, want in zip(logits.shape[2:], shape[1:], strict=True))
    return logits[:, :, top : top + shape[1], left : left + shape[2]]
