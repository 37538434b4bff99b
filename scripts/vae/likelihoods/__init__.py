"""Likelihoods p(x|z), one file each: what the decoder's last values mean.

A module here states in literals, which `vae.plan.parts` reads, its SETTINGS, whether it is the
default where a source does not name another one (DEFAULT), for which images alone it is (ONLY_FOR:
"gray" or "colour", if any), whether it is one of black and white images (BINARY, by default False),
and whether its log-likelihood is quick enough for the exact NLL, which is a sum over 160,801 points
(EXACT_NLL, by default True). It has two halves.

Keras, imported within the functions, so that importing the module does not start it:
`channels(image_channels, run)`: how many channels it asks of the decoder, for images of so many,
under the settings of a run;
`parameters(decoder, image_channels)`: outputs for a decoder from z to [B, H, W, channels], a dict
of Keras tensors: `mean` [B, H, W, C] in [0, 1], and what `log_prob` needs;
`log_prob(x, parameters)`: log p(x|z) of images [B, H, W, C] in [0, 1], a sum over all values: [B],
in nats.

NumPy, for all pairs of images and points z:
`log_likelihood(x, parameters)`: the same of N images [..., N, P], each at each of S points, whose
parameters are [..., S, H, W, C] or [..., S, 1]: float64 [..., N, S];
`log_mass(x, parameters)`: the logarithm of a probability of 8-bit images, of a BINARY likelihood
that of black and white ones, in the same shapes; None if the likelihood has none;
`sample(parameters, rng)`: images drawn from p(x|z), one for each set of parameters
[..., H, W, C] or [..., 1]: uint8 [..., H, W, C].

And for either, which `library` says, `keras.ops` or NumPy:
`excess(x, parameters, library)`: by how much -log p(x|z) of each pixel, its channels added up,
exceeds the lowest that it could be at the decoder's own scales, in nats: [B, H, W], for images
[B, H, W, C] in [0, 1], each at a point of its own. No less than 0, and 0 for an image that is what
the decoder gives. Of functions that tf2onnx can write, so without `log1p` and `expm1`.
"""

import importlib
from types import ModuleType


def get(name: str) -> ModuleType:
    """The likelihood that a config calls `name`."""
    return importlib.import_module(f"{__name__}.{name}")
