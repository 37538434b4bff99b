"""N(0, I), the prior of Kingma and Welling 2013 (arXiv 1312.6114): nothing to learn."""

from vae.plan.run_settings import RunSettings

SETTINGS = {}


def build(latent_dim: int, run: RunSettings, classes: int = 0) -> None:
    """No map: the encoder's coordinates are those of the prior."""
