"""Encoding the images of a dataset with a trained run."""

import math

import numpy as np

from vae.data import images
from vae.data.images import Split
from vae.latent import codes
from vae.latent.codes import Codes, DatasetCodes, Draws, random_rows
from vae.latent.onnx import BATCH, slices
from vae.latent.posteriors import ApproximatePosterior

MOST = 10_000  # draws from q(z|x) of training images that are kept, where q is not normal


def encode(
    path_to_images: str,
    path_to_encoder: str,
    path_to_posterior: str,
    path_to_codes: str,
    seed: int,
    threads: int,
) -> None:
    """Write the codes of all images, by split, with labels, file names and KL, to an npz file."""
    data = images.load(path_to_images)
    posterior = ApproximatePosterior(path_to_encoder, path_to_posterior, threads)
    splits, draws = {}, None
    rng = np.random.default_rng(seed)
    for name, split in data.splits.items():
        splits[name], z = _encoded(split, posterior, rng)
        if name == "train" and not posterior.gaussian:
            rows = random_rows(len(z), MOST, rng)
            draws = Draws(z[rows], rows)
    codes.save(DatasetCodes(splits, data.class_names, draws), path_to_codes)


def _encoded(
    split: Split, posterior: ApproximatePosterior, rng: np.random.Generator
) -> tuple[Codes, np.ndarray]:
    """The codes of a split, without their detail, and one draw from q(z|x) of each image."""
    q = posterior(split)
    # Some at a time: a KL is in float64, and where q is sampled, images are copied.
    parts = [*slices(len(q), BATCH // math.prod(split.pixels.shape[1:]))]
    if posterior.gaussian:
        kl = np.empty_like(q.z)
        for part in parts:
            kl[part] = q[part].kl
        return Codes(q.z, kl, split.labels, split.files, q.z_log_var), q.z
    code = q.z[:, : posterior.latent_dim]
    z, kl = np.empty_like(code), np.empty((len(q), posterior.groups), np.float32)
    for part in parts:
        noise = rng.standard_normal((len(z[part]), 1, q.z.shape[1]), dtype=np.float32)
        drawn = q[part].draw(noise)
        z[part], kl[part] = drawn.z[:, 0, : posterior.latent_dim], drawn.kl[:, 0]
    return Codes(code, kl, split.labels, split.files), z
