"""Configs and settings of runs that are valid."""

import copy

from vae.plan import folders
from vae.plan.run_settings import RunSettings

SOURCES = {
    "digits": {"format": "digits", "licence": "CC BY 4.0", "citation": "UCI"},
    "mnist": {"format": "idx", "licence": "CC BY-SA 3.0", "citation": "LeCun"},
}
for source in SOURCES.values():
    source["likelihood"] = "bernoulli"
VALID = {
    "datasets": {"mnist": {"source": "mnist", "latent_dim": [2, 3], "epochs": 5}},
    "sources": SOURCES,
}

# All settings of a run that trains a small network in a second.
RUN = {
    "model": "mlp",
    "likelihood": "bernoulli",
    "latent_dim": 2,
    "intermediate_dim": 8,
    "epochs": 2,
    "batch_size": 4,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "warmup_epochs": 0.5,
    "beta": 1.0,
    "kl_warmup_epochs": 0.0,
    "conditional": False,
    "binarize": "none",
    "flip": False,
    "precision": "auto",
    "xla": "auto",
    "seed": 0,
    "prior": "normal",
}


def run_settings(**changes):
    """RUN with other values of some settings, as a training takes it."""
    return RunSettings(**RUN | changes)


def look_again():
    """Forget what folders held: a process looks at each once."""
    folders.look.cache_clear()
    folders.layout_of.cache_clear()


def with_dataset(**changes):
    """VALID with other settings of its dataset."""
    valid = copy.deepcopy(VALID)
    valid["datasets"]["mnist"].update(changes)
    return valid
