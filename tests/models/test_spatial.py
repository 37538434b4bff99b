"""The network of a map of codes: where its values lie, and the sizes that fit."""

import math

import numpy as np
import pytest

from tests.models.test_models import run_of
from vae.models import spatial
from vae.services.errors import UserError
from vae.training import fit


@pytest.mark.parametrize(
    ("shape", "positions"),
    [
        ((1, 3, 1), (1, 1)),
        ((8, 8, 1), (2, 2)),
        ((28, 28, 1), (7, 7)),
        ((32, 32, 3), (8, 8)),
        ((37, 50, 3), (10, 13)),
        ((92, 92, 3), (12, 12)),
        ((128, 128, 3), (8, 8)),
    ],
)
def test_patches_grow_with_the_image(shape, positions):
    assert spatial.positions(shape) == positions


def test_a_value_of_the_code_is_of_one_place():
    shape = (32, 48, 3)
    run = run_of("spatial", shape, likelihood="gaussian")
    vae, rng = fit.build(shape, run), np.random.default_rng(0)
    for weight in vae.trainable_variables:
        weight.assign(weight + 0.1 * rng.standard_normal(weight.shape))
    z = np.zeros((2, 8, 12, 2), np.float32)
    z[1, 0, 0] = 3
    first, changed = np.asarray(vae.decoder(z.reshape(2, -1))["mean"])
    difference = np.abs(changed - first)
    assert difference[:4, :4].max() > 0.01
    assert not difference[:, 4 * 8 :].any()  # seven convolutions of 3x3 reach seven positions


def test_no_layer_grows_with_the_map():
    small, large = (
        fit.build(shape, run_of("spatial", shape, likelihood="gaussian")).encoder.count_params()
        for shape in ((28, 28, 3), (32, 48, 3))
    )
    assert small == large


@pytest.mark.parametrize(
    ("latent_dim", "multiples"), [(1, "4."), (3, "4."), (6, "4 or 8."), (8, None)]
)
def test_a_code_that_does_not_fit_the_map_is_refused(latent_dim, multiples):
    shape, run = (8, 8, 1), run_of("spatial", latent_dim=latent_dim)
    if multiples is None:
        assert math.prod(spatial.positions(shape)) == 4
        fit.build(shape, run)
        return
    with pytest.raises(UserError, match=f"2x2 positions.*multiple of 4, such as {multiples}"):
        fit.build(shape, run)
