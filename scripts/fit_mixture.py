"""Fit a Gaussian mixture to the codes of a run's training images."""

import logging

import numpy as np

from vae.data import images as dataset
from vae.latent import mixture
from vae.latent.onnx import Encoder
from vae.services.jobs import job

MOST = 10_000

logger = logging.getLogger("vae.fit_mixture")  # not __main__, which no handler hears


def fit_mixture(images: str, encoder: str, path: str, seed: int, threads: int) -> None:
    """Fit to one draw from the q(z|x) of each training image, of 10,000 at random at most."""
    train = dataset.load(images).train
    rng = np.random.default_rng(seed)
    chosen = train[np.sort(rng.permutation(len(train))[:MOST])]
    z_mean, z_log_var = Encoder(encoder, threads)(chosen.pixels, chosen.labels)
    noise = rng.standard_normal(z_mean.shape, dtype=np.float32)
    fitted = mixture.fit(z_mean + np.exp(z_log_var / 2) * noise, seed)
    mixture.save(fitted, path)
    logger.info("%d components fitted to %d codes", len(fitted.weights), len(chosen))


if __name__ == "__main__":
    with job(snakemake.log[0]):
        fit_mixture(
            images=snakemake.input.images,
            encoder=snakemake.input.encoder,
            path=snakemake.output[0],
            seed=snakemake.params.seed,
            threads=snakemake.threads,
        )
