"""The hierarchical network: its scales, and that its three networks are one."""

import numpy as np
import pytest

from tests.models.test_models import perturb, run_of
from vae.training import export, fit


@pytest.mark.parametrize(
    ("shape", "levels", "maps"),
    [
        ((28, 28, 1), 3, [(7, 7), (7, 7), (7, 7)]),
        ((32, 32, 3), 1, [(8, 8)]),
        ((64, 96, 3), 4, [(8, 12), (8, 12), (16, 24), (16, 24)]),
        ((92, 92, 3), 3, [(6, 6), (12, 12), (23, 23)]),
        ((3, 1, 1), 2, [(1, 1), (1, 1)]),
    ],
)
def test_maps_of_detail_are_spread_over_scales_from_coarse_to_fine(shape, levels, maps):
    vae = fit.build(shape, run_of("ladder", levels=levels))
    assert [group.shape for group in vae.groups] == [(2,), *((*side, 2) for side in maps)]
    assert vae.latent_size == 2 + sum(2 * h * w for h, w in maps)


def test_encoder_posterior_and_decoder_are_the_network_that_was_trained():
    vae, rng = fit.build((37, 50, 3), run_of("ladder", levels=3)), np.random.default_rng(0)
    perturb(vae, rng)
    networks = export.networks(vae)
    image = rng.random((4, 37, 50, 3), np.float32)
    for noise in (
        np.zeros((4, vae.latent_size), np.float32),
        rng.normal(size=(4, vae.latent_size)),
    ):
        joint = vae.joint([noise, image])
        drawn = networks.posterior([image, noise])
        decoded = networks.decoder(drawn["z"])["mean"]
        np.testing.assert_allclose(decoded, joint["mean"], atol=1e-5)
        assert drawn["kl"].shape == (4, 4)
        if not noise.any():
            np.testing.assert_allclose(networks.encoder(image)["z"], drawn["z"], atol=1e-5)
            np.testing.assert_allclose(networks.whole(image), decoded, atol=1e-5)


def test_detail_depends_on_what_was_drawn_above_it():
    vae, rng = fit.build((28, 28, 1), run_of("ladder")), np.random.default_rng(0)
    perturb(vae, rng)
    image = np.repeat(rng.random((1, 28, 28, 1), np.float32), 2, axis=0)
    noise = np.zeros((2, vae.latent_size), np.float32)
    noise[1, 0] = 2
    means = np.asarray(vae.joint([noise, image])["z_mean"])
    np.testing.assert_array_equal(means[0, :2], means[1, :2])
    assert np.abs(means[0, 2:] - means[1, 2:]).max() > 1e-3


def test_it_starts_at_the_mean_of_the_training_images():
    vae = fit.build((28, 28, 1), run_of("ladder"))
    vae.start_at(0.13)
    image = np.random.default_rng(0).random((8, 28, 28, 1), np.float32)
    mean = np.asarray(export.networks(vae).whole(image))
    assert 0.08 < np.median(mean) < 0.2


def test_the_architecture_has_every_layer_once():
    vae = fit.build((28, 28, 1), run_of("ladder", likelihood="gaussian"))
    drawn = export.architecture(vae, export.networks(vae))
    total = sum(layer["parameters"] for layers in drawn.values() for layer in layers)
    assert total == sum(np.prod(weight.shape) for weight in vae.trainable_variables)
    names = [layer["name"] for layer in drawn["encoder"]]
    assert "code_log_var" in names
    assert {name for layer in drawn["encoder"] for name in layer["inputs"]} <= {*names}
