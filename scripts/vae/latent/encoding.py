"""Encoding the images of a dataset with a trained run."""

import numpy as np

from vae.data import images
from vae.data.images import Split
from vae.latent import codes
from vae.latent.codes import Codes, DatasetCodes, Draws, random_rows
from vae.latent.posteriors import ApproximatePosterior


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
            rows = random_rows(len(z), rng)
            draws = Draws(z[rows], rows)
    codes.save(DatasetCodes(splits, data.class_names, draws), path_to_codes)


def _encoded(
    split: Split, posterior: ApproximatePosterior, rng: np.random.Generator
) -> tuple[Codes, np.ndarray]:
    """The codes of a split, and one draw from q(z|x) of each image."""
    q = posterior(split)
    if posterior.gaussian:
        kl, z, log_var = q.kl, q.z, q.z_log_var
    else:
        noise = rng.standard_normal((len(q), 1, q.z.shape[1]), dtype=np.float32)
        drawn = q.draw(noise)
        kl, z, log_var = drawn.kl[:, 0], drawn.z[:, 0], None
    return Codes(q.z, np.float32(kl), split.labels, split.files, log_var), z
