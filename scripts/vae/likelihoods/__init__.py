"""Likelihoods p(x|z), one file each: what the decoder's last values mean.

A module here has two functions:
`parameters(decoder)`: outputs for a decoder from z to logits [B, H, W, C], a dict of Keras tensors:
`mean` in [0, 1], and what `log_prob` needs;
`log_prob(x, parameters)`: log p(x|z) of images [B, H, W, C] in [0, 1], a sum over all values: [B],
in nats.

Keras is imported within the functions, so that what only names a likelihood does not start it.
"""

import importlib
from types import ModuleType


def get(name: str) -> ModuleType:
    """The likelihood that a config calls `name`."""
    return importlib.import_module(f"{__name__}.{name}")
