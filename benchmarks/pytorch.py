"""The same VAE in PyTorch, as its good users write it: uint8 images, Adam, no work that is not
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


class VAE(nn.Module):
    """Encoder, noise, decoder, and minus the ELBO in nats an image."""

    def __init__(self, image_shape: tuple[int, int, int], run: dict[str, Any]):
        super().__init__()
        network = networks.build(image_shape, run)
        height, width, channels = image_shape
        self.shape = (channels, height, width)
        self.encoder = _chain(network.encoder, image_shape)
        self.z_mean, self.z_log_var = map(_layer, network.heads)
        self.decoder = _chain(network.decoder, (run["latent_dim"],))
        self.tenth_of_log_var = None
        if run["likelihood"] == "gaussian":
            self.tenth_of_log_var = nn.Parameter(torch.tensor(math.log(0.05) / 10))

    def forward(self, x: torch.Tensor, half: bool) -> torch.Tensor:
        """The loss of images [B, C, H, W] in [0, 1]; the networks in bfloat16 where `half`."""
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            hidden = self.encoder(x)
            z_mean, z_log_var = self.z_mean(hidden).float(), self.z_log_var(hidden).float()
            z = z_mean + torch.exp(z_log_var / 2) * torch.randn_like(z_mean)
            logits = self.decoder(z)
        logits = _cropped(logits.float(), self.shape)
        kl = 0.5 * (z_mean**2 + z_log_var.exp() - 1 - z_log_var).sum()
        return (self._reconstruction(x, logits) + kl) / len(x)

    def _reconstruction(self, x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        if self.tenth_of_log_var is None:
            return functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        log_var = 10 * self.tenth_of_log_var
        square = ((x - torch.sigmoid(logits)) ** 2).sum() * torch.exp(-log_var)
        return 0.5 * (square + x.numel() * (log_var + math.log(2 * math.pi)))


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
    vae = VAE(pixels.shape[1:], run)
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


def _cropped(logits: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    if logits.ndim == 2:
        return logits.view(-1, *shape)
    top, left = ((have - want) // 2 for have, want in zip(logits.shape[2:], shape[1:], strict=True))
    return logits[:, :, top : top + shape[1], left : left + shape[2]]


def _chain(chain: list[Layer], given: tuple[int, ...]) -> nn.Sequential:
    modules: list[nn.Module] = []
    shapes = [given, *(layer.result for layer in chain)]
    for (before, _), layer in zip(pairwise(shapes), chain, strict=True):
        if layer.kind == "dense" and len(before) == 3:
            modules.append(nn.Flatten())
        elif layer.kind != "dense" and len(before) == 1:
            height, width, channels = layer.given
            modules.append(nn.Unflatten(1, (channels, height, width)))
        modules.append(_layer(layer))
        if layer.relu:
            modules.append(nn.ReLU())
    return nn.Sequential(*modules)


def _layer(layer: Layer) -> nn.Module:
    """Sizes as in Keras with «same»; which margin a stride of 2 pads does not change the work."""
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
