"""Plot test images and what becomes of them in a VAE."""

from typing import Any

import numpy as np

from vae.data import images as dataset
from vae.figures import mosaics, sheet
from vae.latent.onnx import Decoder, Encoder
from vae.services.jobs import job


def plot_reconstructions(
    images: str,
    encoder: str,
    decoder: str,
    path: str,
    settings: dict[str, Any],
    seed: int,
    threads: int,
    title: str,
) -> None:
    """Draw test images, chosen at random, each above its reconstruction from z_mean."""
    test = dataset.load(images).test
    n = settings["reconstructions"] or mosaics.fitting(test.pixels.shape[1:], 10) ** 2 // 2 or 1
    chosen = np.random.default_rng(seed).permutation(len(test))[:n]
    shown = test[chosen[np.argsort(test.labels[chosen], kind="stable")]]
    z_mean, _ = Encoder(encoder, threads)(shown.pixels, shown.labels)
    decoded = Decoder(decoder, threads)(z_mean, shown.labels)
    sheet.save(mosaics.reconstructions(shown.pixels, decoded, title), path)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        plot_reconstructions(
            images=snakemake.input.images,
            encoder=snakemake.input.encoder,
            decoder=snakemake.input.decoder,
            path=snakemake.output[0],
            settings=snakemake.params.figures,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
            title=f"{snakemake.wildcards.dataset}   ·   {snakemake.wildcards.run}",
        )
