"""A mixture of discretised logistic distributions for each pixel, its channels one by one.

PixelCNN++ (Salimans et al. 2017, arXiv 1701.05517, section 2.1). In each component the centre of G
moves with the value of R, and that of B with those of R and G. A level has the mass of its width,
the outermost two have the tails: so the loss is that of a probability of 8-bit pixels, and bits per
dimension are what is trained. Gray images have one channel and nothing that moves.

Values are in [-1, 1] here, as there. The paper falls back on a density where the difference of two
sigmoids is too small for a logarithm; as a product it never is:
s(b) - s(a) = s(b) s(-a) (1 - exp(a - b)).
"""

import numpy as np

from vae.data.pixels import to_uint8, to_unit

SETTINGS = {
    "components": {"type": "whole", "bounds": {"ge": 1, "le": 100}, "default": 1,
                   "abbreviation": "cm",
                   "description": "logistic distributions in each mixture of `logistic_mixture`"},
}  # fmt: skip
EXACT_NLL = False

HALF = 1 / 255  # of the width of a level
LARGEST = 7.0  # logarithm of a scale; the smallest, -7, is a ninth of a level's width
START = -1.5  # logarithm of the first scales: about what images vary by


def channels(image_channels, run):
    """Features of the decoder, about as many as a pixel has parameters."""
    return 3 * image_channels * run.components


def parameters(decoder, image_channels):
    """`mean` [B, H, W, C]; `centre` and `log_scale` [B, H, W, C * M], by channel and component.

    Also `slopes` [B, H, W, 3 * M] if there are three channels: of G by R, of B by R, of B by G; and
    `log_weight` [B, H, W, M] if there are several components. Each comes from a convolution of its
    own in float32: rounded to bfloat16 they cost 0.04 bits per dimension.
    """
    from keras import initializers, layers, ops

    features = decoder.output
    components = features.shape[-1] // (3 * image_channels)
    values = image_channels * components

    def convolution(filters, name, **options):
        return layers.Conv2D(filters, 1, dtype="float32", name=name, **options)(features)

    # Bounded, with a gradient everywhere; near 0 what the convolution gives.
    start = initializers.Constant(START)
    share = convolution(values, "unbounded_log_scale", bias_initializer=start)
    share = layers.Rescaling(1 / LARGEST, name="share_before_tanh")(share)
    share = layers.Activation("tanh", name="share_of_log_scale")(share)
    result = {
        "centre": convolution(values, "centre"),
        "log_scale": layers.Rescaling(LARGEST, name="log_scale")(share),
    }
    if image_channels == 3:
        result["slopes"] = convolution(3 * components, "slopes", activation="tanh")
    if components > 1:
        result["log_weight"] = convolution(components, "log_weight", activation="log_softmax")
    means = []
    for centre in ops.split(result["centre"], image_channels, axis=-1):
        means.append(centre + _shift(ops, result, means))
    if components > 1:
        weight = ops.exp(result["log_weight"])
        means = [ops.sum(weight * mean, axis=-1, keepdims=True) for mean in means]
    mean = layers.Concatenate(name="mean_of_values")(means) if means[1:] else means[0]
    mean = layers.Rescaling(0.5, 0.5, name="mean_unclipped")(mean)
    return {"mean": layers.ReLU(1.0, name="mean")(mean)} | result


def log_prob(x, parameters):
    """The logarithm of the probability of 8-bit pixels, summed."""
    from keras import ops

    values = ops.split(2 * x - 1, x.shape[-1], axis=-1)
    of_components = _log_mass(ops, ops.softplus, values, parameters)
    return ops.sum(ops.logsumexp(of_components, axis=-1), axis=(1, 2))


def log_likelihood(x: np.ndarray, parameters: dict[str, np.ndarray]) -> np.ndarray:
    """The same: float64 [..., N, S].

    One of the S points at a time, so that memory holds one image for each of N.
    """
    image_channels = parameters["mean"].shape[-1]
    pixels = x.reshape(*x.shape[:-1], -1, image_channels)
    values = np.split(2 * pixels - 1, image_channels, axis=-1)
    used = {name: value for name, value in parameters.items() if name != "mean"}
    points = []
    for s in range(parameters["mean"].shape[-4]):
        at = {
            name: value[..., s, :, :, :].reshape(*value.shape[:-4], 1, -1, value.shape[-1])
            for name, value in used.items()
        }
        of_components = _log_mass(np, _softplus, values, at)
        of_pixels = np.logaddexp.reduce(of_components, axis=-1)
        points.append(of_pixels.sum(axis=-1, dtype=float))
    return np.stack(points, axis=-1)


log_mass = log_likelihood


def excess(x, parameters, library):
    """By how much -log of the mass exceeds that with the centres where they suit best: [B, H, W].

    Those of all components on the value; for an outermost level, which has a tail, so far beyond it
    that its mass is 1.
    """
    channels = x.shape[-1]
    values = library.split(2 * x - 1, channels, axis=-1)
    centres, log_scales = (
        library.split(parameters[name], channels, axis=-1) for name in ("centre", "log_scale")
    )
    lowest = parameters.get("log_weight", 0.0)  # the largest log mass of each component
    above = 0.0  # by how much its -log mass is more
    for i, (value, centre, log_scale) in enumerate(zip(values, centres, log_scales, strict=True)):
        distance = value - centre - _shift(library, parameters, values[:i])
        steepness = library.exp(-log_scale)
        not_lowest, not_highest = value > HALF - 1, value < 1 - HALF
        inside = not_lowest & not_highest
        half = HALF * steepness
        above = (
            above
            + library.where(not_lowest, _log_1p_exp(library, distance * steepness - half), 0.0)
            + library.where(not_highest, _log_1p_exp(library, -distance * steepness - half), 0.0)
            - library.where(inside, 2 * _log_1p_exp(library, -half), 0.0)
        )
        lowest = lowest + library.where(inside, library.log(library.tanh(half / 2)), 0.0)
    if "log_weight" not in parameters:
        return above[..., 0]
    return _log_sum_exp(library, lowest) - _log_sum_exp(library, lowest - above)


def sample(parameters: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """8-bit pixels: a component, then its channels one after the other: uint8 [..., H, W, C]."""
    chosen = {name: value for name, value in parameters.items() if name != "mean"}
    image_channels = parameters["mean"].shape[-1]
    if "log_weight" in chosen:
        log_weight = chosen.pop("log_weight")
        gumbel = rng.gumbel(size=log_weight.shape)
        component = (log_weight + gumbel).argmax(axis=-1)[..., None, None]
        shape = (*log_weight.shape[:-1], -1, log_weight.shape[-1])
        chosen = {
            name: np.take_along_axis(value.reshape(shape), component, axis=-1)[..., 0]
            for name, value in chosen.items()
        }
    scale = np.exp(chosen["log_scale"])
    moved = scale * rng.logistic(size=scale.shape) + chosen["centre"]
    levels, values = [], []
    for value in np.split(moved, image_channels, axis=-1):
        levels.append(to_uint8((value + _shift(np, chosen, values) + 1) / 2))
        values.append(2 * to_unit(levels[-1]) - 1)
    return np.concatenate(levels, axis=-1)


def _log_mass(library, softplus, values, parameters):
    """Logarithm of weight times mass of each component, [..., M], for values [..., 1] by channel.

    library: `keras.ops` or NumPy.
    """
    centres, log_scales = (
        library.split(parameters[name], len(values), axis=-1) for name in ("centre", "log_scale")
    )
    total = parameters.get("log_weight", 0.0)
    for i, (value, centre, log_scale) in enumerate(zip(values, centres, log_scales, strict=True)):
        distance = value - centre - _shift(library, parameters, values[:i])
        steepness = library.exp(-log_scale)
        not_lowest, not_highest = value > HALF - 1, value < 1 - HALF
        width = library.log(-library.expm1(-2 * HALF * steepness))
        total = (
            total
            + library.where(not_lowest & not_highest, width, 0.0)
            - library.where(not_lowest, softplus((distance - HALF) * steepness), 0.0)
            - library.where(not_highest, softplus(-(distance + HALF) * steepness), 0.0)
        )
    return total


def _shift(library, parameters, before):
    """What the values of the channels before it add to the centre of a channel, [..., M]."""
    if not before:
        return 0.0
    slopes = library.split(parameters["slopes"], 3, axis=-1)
    if len(before) == 1:
        return slopes[0] * before[0]
    return slopes[1] * before[0] + slopes[2] * before[1]


def _log_1p_exp(library, x):
    return library.maximum(x, 0) + library.log(1 + library.exp(-library.abs(x)))


def _log_sum_exp(library, values):
    top = library.max(values, axis=-1, keepdims=True)
    return top[..., 0] + library.log(library.sum(library.exp(values - top), axis=-1))


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
