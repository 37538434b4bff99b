"""The variational autoencoder and the bound that it is trained on."""

import keras
from keras import ops, tree

from vae.models.inputs import joined


def kl_divergence(z_mean, z_log_var):
    """KL(q(z|x) || N(0, I)) in nats, of each image and latent dimension: [B, D].

    Kingma and Welling 2013, appendix B.
    """
    return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var)


class VAE(keras.Model):
    """Encoder, noise, decoder; the loss is reconstruction + beta * KL, in nats an image.

    Takes uint8 images [B, H, W, C]; a conditional one a list of those and of one-hot classes
    [B, K]. `decoder` gives the parameters of `likelihood` as a dict.

    kl_warmup_steps: of training, in which the weight of the KL rises from 0 to beta (Bowman et al.
    2016, arXiv 1511.06349; Sønderby et al. 2016, arXiv 1602.02282). Both terms are computed in
    float32, whatever the networks compute in.

    shards: of each batch, that are computed apart from each other; rounding alone depends on it.
    """

    def __init__(self, encoder, decoder, likelihood, beta: float, seed: int, shards: int = 1):
        super().__init__(name="vae", dtype="float32")
        self.encoder = encoder
        self.decoder = decoder
        self.latent_dim = encoder.output["z_mean"].shape[1]
        self.likelihood = likelihood
        self.beta = beta
        self.shards = shards
        self.kl_warmup_steps = 0
        self.steps = self.add_weight((), "zeros", "int32", trainable=False, name="steps")
        self.noise = keras.random.SeedGenerator(seed)
        self.reconstruction = keras.metrics.Mean("reconstruction")
        self.kl = keras.metrics.Mean("kl")

    def call(self, inputs):
        """-log p(x|z) at one z drawn from q(z|x), and the KL: each [B], in nats."""
        images, label = inputs if isinstance(inputs, list | tuple) else (inputs, None)
        size = ops.shape(images)[0]
        noise = keras.random.normal((size, self.latent_dim), seed=self.noise)
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
        posterior = _float32(self.encoder(joined(x, label)))
        z_mean, z_log_var = posterior["z_mean"], posterior["z_log_var"]
        z = z_mean + ops.exp(z_log_var / 2) * noise
        parameters = _float32(self.decoder(joined(z, label)))
        reconstruction = -self.likelihood.log_prob(x, parameters)
        return reconstruction, ops.sum(kl_divergence(z_mean, z_log_var), axis=1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Mean over the batch of reconstruction + weight * KL, which is beta or rises to it."""
        reconstruction, kl = y_pred
        self.reconstruction.update_state(reconstruction)
        self.kl.update_state(kl)
        weight = self.beta
        if self.kl_warmup_steps:
            steps = ops.cast(self.steps, "float32")
            weight *= ops.minimum(steps / self.kl_warmup_steps, 1.0)
        if training:
            self.steps.assign_add(1)
        return ops.mean(reconstruction) + weight * ops.mean(kl)


def _float32(tensors):
    return tree.map_structure(lambda tensor: ops.cast(tensor, "float32"), tensors)
