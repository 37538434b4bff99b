"""The variational autoencoder and the bound that it is trained on."""

import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from vae.models import Group, Hierarchy
from vae.models.inputs import joined
from vae.priors import Map, Stock


def kl_divergence(z_mean, z_log_var):
    """KL(q(z|x) || N(0, I)) in nats, of each image and latent dimension: [B, D].

    Kingma and Welling 2013, appendix B.
    """
    return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var)


class Draw(NamedTuple):
    """A draw from q(z|x) for each image.

    u, z: [B, D], what the decoder's network takes, and the same in coordinates in which the prior
    is N(0, I); log_q: [B], log q(z|x); kl: [B, G], its KL from the prior by group of z.
    """

    u: Any
    z: Any
    log_q: Any
    kl: Any


def draw(encoded: dict[str, Any], noise, label=None, prior: Map | Stock | None = None) -> Draw:
    """Draw z from noise [B, D] ~ N(0, I); tensors or Keras's symbolic ones.

    encoded: `z_mean` and `z_log_var` of q(u|x), [B, D]; label: one-hot classes [B, K] of a
    conditional model. Without a map u is z, and the KL is that of each dimension; with one it is
    log q(z|x) - log N(z; 0, I), of which the KL is the expectation: a single group.
    """
    mean, log_var = encoded["z_mean"], encoded["z_log_var"]
    u = mean + ops.exp(log_var / 2) * noise
    log_q = log_normal(noise) - 0.5 * ops.sum(log_var, axis=1)
    if prior is None:
        return Draw(u, u, log_q, kl_divergence(mean, log_var))
    mapped = prior.forward(joined(u, label))
    z, log_q = mapped["z"], log_q - mapped["log_det"][:, 0]
    return Draw(u, z, log_q, (log_q - log_normal(z))[:, None])


def draw_hierarchical(encoded: dict[str, Any], noise, groups: Sequence[Group]) -> Draw:
    """Draw z of a hierarchy from noise [B, D] ~ N(0, I); tensors or Keras's symbolic ones.

    encoded: `z_mean` and `z_log_var`, [B, D], those of a group given the draws of the ones above
    it, from the same noise. The KL of a group is that of these, of which the KL of q(z|x) is the
    expectation.
    """
    flat = draw(encoded, noise)
    ends = np.cumsum([group.size for group in groups])
    kl = [
        ops.sum(flat.kl[:, end - group.size : end], axis=1)
        for group, end in zip(groups, ends.tolist(), strict=True)
    ]
    return flat._replace(kl=ops.stack(kl, axis=1))


def log_normal(z):
    """log N(z; 0, I) of z [B, D]: [B]."""
    return -0.5 * ops.sum(ops.square(z) + math.log(2 * math.pi), axis=1)


class Bound(keras.Model):
    """The loss of a VAE: reconstruction + beta * KL, in nats an image.

    Takes uint8 images [B, H, W, C]; a conditional one a list of those and of one-hot classes
    [B, K]. A subclass has the networks, and `passes` through them.

    groups: of z, in order. latent_size: D, all of z.

    kl_warmup_steps: of training, in which the weight of the KL rises from 0 to beta (Bowman et al.
    2016, arXiv 1511.06349; Sønderby et al. 2016, arXiv 1602.02282). Both terms are computed in
    float32, whatever the networks compute in.

    shards: of each batch, that are computed apart from each other; rounding alone depends on it.

    Metrics, as means over images: reconstruction, kl, and square, of the loss.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        likelihood: ModuleType,
        beta: float,
        seed: int,
        shards: int = 1,
    ):
        super().__init__(name="vae", dtype="float32")
        self.groups = tuple(groups)
        self.latent_size = sum(group.size for group in groups)
        self.likelihood = likelihood
        self.beta = beta
        self.shards = shards
        self.kl_warmup_steps = 0
        self.steps = self.add_weight((), "zeros", "int32", trainable=False, name="steps")
        self.noise = keras.random.SeedGenerator(seed)
        self.reconstruction = keras.metrics.Mean("reconstruction")
        self.kl = keras.metrics.Mean("kl")
        self.square = keras.metrics.Mean("square")

    def passes(self, x, label, noise):
        """A `Draw` for images in [0, 1], and the parameters of p(x|z) there; noise: [B, D]."""
        raise NotImplementedError

    def call(self, inputs):
        """-log p(x|z) at one z drawn from q(z|x), and the KL there: each [B], in nats."""
        images, label = inputs if isinstance(inputs, list | tuple) else (inputs, None)
        size = ops.shape(images)[0]
        noise = keras.random.normal((size, self.latent_size), seed=self.noise)
        if self.shards == 1:
            return self._terms(images, label, noise)
        shards = []
        for i in range(self.shards):
            start, stop = size * i // self.shards, size * (i + 1) // self.shards
            # oneDNN's convolutions fail on no images: a shard of none takes one, drops its terms.
            rows = slice(start, ops.maximum(stop, start + 1))
            terms = self._terms(images[rows], None if label is None else label[rows], noise[rows])
            shards.append([term[: stop - start] for term in terms])
        return tuple(ops.concatenate(term) for term in zip(*shards, strict=True))

    def _terms(self, images, label, noise):
        x = ops.cast(images, "float32") / 255.0
        drawn, parameters = self.passes(x, label, noise)
        reconstruction = -self.likelihood.log_prob(x, parameters)
        return reconstruction, ops.sum(drawn.kl, axis=1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Mean over the batch of reconstruction + weight * KL, which is beta or rises to it."""
        reconstruction, kl = y_pred
        self.reconstruction.update_state(reconstruction)
        self.kl.update_state(kl)
        self.square.update_state(ops.square(reconstruction + self.beta * kl))
        weight = self.beta
        if self.kl_warmup_steps:
            steps = ops.cast(self.steps, "float32")
            weight *= ops.minimum(steps / self.kl_warmup_steps, 1.0)
        if training:
            self.steps.assign_add(1)
        return ops.mean(reconstruction) + weight * ops.mean(kl)


class VAE(Bound):
    """Encoder, noise, decoder: a VAE of one flat code.

    `encoder` gives z_mean and z_log_var of q(u|x), `decoder` for u the parameters of `likelihood`
    as a dict; `prior` maps u to z ~ N(0, I), None if they are the same.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: ModuleType,
        beta: float,
        seed: int,
        shards: int = 1,
        prior: Map | None = None,
    ):
        latent_dim = encoder.output["z_mean"].shape[1]
        super().__init__([Group("code", (latent_dim,))], likelihood, beta, seed, shards)
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior

    def passes(self, x, label, noise):
        """See `Bound`."""
        encoded = in_float32(self.encoder(joined(x, label)))
        drawn = draw(encoded, noise, label, self.prior)
        return drawn, in_float32(self.decoder(joined(drawn.u, label)))


class HierarchicalVAE(Bound):
    """A VAE of a code and maps of detail, whose q(z|x) goes down through the generator.

    hierarchy: its `joint` network is what is trained, with the parameters of the likelihood, as
    a dict, in place of logits.
    """

    def __init__(
        self, hierarchy: Hierarchy, likelihood: ModuleType, beta: float, seed: int, shards: int = 1
    ):
        super().__init__(hierarchy.groups, likelihood, beta, seed, shards)
        self.joint = hierarchy.joint
        self.separate = hierarchy.separate
        self.head = hierarchy.head

    def start_at(self, brightness: float) -> None:
        """Before training: begin with images of this mean, in [0, 1], if logits are their pixels.

        From a bias of 0, on MNIST, it is 5 nats behind after two epochs.
        """
        bias = self.joint.get_layer(self.head).bias
        if bias.shape[0] == self.joint.inputs[1].shape[-1]:
            share = min(max(brightness, 0.01), 0.99)
            bias.assign(np.full(bias.shape, math.log(share / (1 - share))))

    def passes(self, x, label, noise):
        """See `Bound`."""
        outputs = in_float32(self.joint([noise, x]))
        encoded = {name: outputs.pop(name) for name in ("z_mean", "z_log_var")}
        return draw_hierarchical(encoded, noise, self.groups), outputs


def in_float32(tensors):
    """A structure of tensors, each as float32."""
    return tree.map_structure(lambda tensor: ops.cast(tensor, "float32"), tensors)
