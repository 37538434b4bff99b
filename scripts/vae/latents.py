"""Codes of the test set: what an encoder makes of images, in memory and as an npz file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.vae.files import atomic
from scripts.vae.jobs import damaged


def kl_divergence(z_mean: np.ndarray, z_log_var: np.ndarray) -> np.ndarray:
    """KL(q(z|x) || N(0, I)) of each image and latent dimension in nats, float64 [N, D].

    Kingma and Welling 2013 (arXiv 1312.6114), appendix B.
    """
    mean, log_var = z_mean.astype(float), z_log_var.astype(float)
    return 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)


@dataclass(frozen=True)
class Latents:
    """What an encoder makes of the test set.

    z_mean, z_log_var: float32 [N, D].
    labels: int64 [N], an index into the class names, or -1 where there is none.
    """

    z_mean: np.ndarray
    z_log_var: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...] = ()

    @property
    def kl(self) -> np.ndarray:
        """KL of each latent dimension in nats, averaged over images: float64 [D]."""
        return kl_divergence(self.z_mean, self.z_log_var).mean(axis=0)


def save(latents: Latents, path: str | Path) -> None:
    """Write `latents` to an npz file."""
    with atomic(path) as part:
        np.savez(
            part,
            z_mean=latents.z_mean,
            z_log_var=latents.z_log_var,
            labels=latents.labels,
            class_names=np.array(latents.class_names, dtype=np.str_),
        )


def load(path: str | Path) -> Latents:
    """Read what `save` wrote.

    Raises UserError where the file is damaged or is something else.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as npz:
            return Latents(
                npz["z_mean"],
                npz["z_log_var"],
                npz["labels"],
                tuple(str(name) for name in npz["class_names"]),
            )
    except FileNotFoundError:
        raise
    except Exception as error:
        raise damaged(path, error) from error
