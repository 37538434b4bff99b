"""What a page of a run is made from, at random."""

import base64
import gzip

import numpy as np

from vae.data.file_names import FileNames
from vae.explorer import page
from vae.latent.codes import Codes
from vae.latent.mixture import Mixture

EVIL = "</script><!--<img src=x onerror=alert(1)>"


def content(n=40, latent_dim=3, shape=(8, 8, 1), at_most=2000, names=("a", "b")):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(n, latent_dim)).astype(np.float32)
    labels = rng.integers(-1, len(names), n)
    run = {
        "dataset": "digits",
        "run": "ld_3",
        "resolved": {"model": "mlp", "conditional": False, "latent_dim": latent_dim, "epochs": 2},
        "class_names": list(names),
        "latent_size": latent_dim,
        "final": {"loss": 1.5},
        "epochs": 2,
    }
    normal = Mixture(
        np.ones(1),
        np.zeros((1, latent_dim)),
        np.diag(np.sqrt(np.arange(1.0, latent_dim + 1)))[None],
    )
    pixels = rng.integers(0, 256, (n, *shape), np.uint8)
    kl = np.abs(rng.normal(size=z.shape)).astype(np.float32)
    codes = Codes(z, kl, labels, FileNames.none(n), np.zeros_like(z))
    facts = page.content(run, codes, scores_of(n), pixels, normal, b"onnx", at_most)
    return facts, codes, pixels, run


def scores_of(n):
    """The scores of the images of such a page."""
    return np.sin(np.arange(n))


def unpack(text, dtype):
    return np.frombuffer(gzip.decompress(base64.b64decode(text)), dtype)
