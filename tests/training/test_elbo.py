import numpy as np

from tests.helpers.config import run_settings
from vae.training import fit
from vae.training.elbo import kl_divergence


def test_kl_is_zero_at_the_prior_and_the_closed_form_elsewhere():
    assert float(kl_divergence(np.zeros((1, 1)), np.zeros((1, 1)))[0, 0]) == 0
    mean, sigma = 1.5, 0.3
    rng = np.random.default_rng(0)
    z = rng.normal(mean, sigma, 1_000_000)
    log_q = -0.5 * ((z - mean) / sigma) ** 2 - np.log(sigma)
    sampled = np.mean(log_q + 0.5 * z**2)
    closed = kl_divergence(np.array([[mean]]), np.array([[2 * np.log(sigma)]]))
    np.testing.assert_allclose(closed[0, 0], sampled, rtol=0.01)


def test_the_noise_has_the_standard_deviation_of_the_posterior():
    """The original project scaled it by exp(log_var) in its convolutional models."""
    vae = fit.build((4, 4, 1), run_settings())
    for layer in vae.encoder.layers[-2:]:
        layer.kernel.assign(np.zeros(layer.kernel.shape))
    vae.encoder.get_layer("z_mean").bias.assign([1.0, -2.0])
    vae.encoder.get_layer("z_log_var").bias.assign(2 * np.log([0.5, 3.0]))
    drawn = []
    decoder = vae.decoder
    vae.decoder = lambda z: (drawn.append(np.asarray(z)), decoder(z))[1]
    vae(np.zeros((20_000, 4, 4, 1), np.uint8))
    np.testing.assert_allclose(drawn[0].mean(0), [1.0, -2.0], atol=0.1)
    np.testing.assert_allclose(drawn[0].std(0), [0.5, 3.0], rtol=0.03)


def test_the_terms_are_sums_over_pixels_and_over_latent_dimensions():
    vae = fit.build((4, 4, 3), run_settings())
    for weight in vae.weights:
        if weight.dtype == "float32":
            weight.assign(np.zeros(weight.shape))
    vae.encoder.get_layer("z_mean").bias.assign([1.0, 2.0])
    reconstruction, kl = vae(np.zeros((3, 4, 4, 3), np.uint8))
    np.testing.assert_allclose(reconstruction, [48 * np.log(2)] * 3, rtol=1e-6)
    np.testing.assert_allclose(kl, [0.5 * 1 + 0.5 * 4] * 3, rtol=1e-6)


def test_the_weight_of_the_kl_rises_to_beta():
    vae = fit.build((4, 4, 1), run_settings(beta=3.0))
    vae.kl_warmup_steps = 4
    vae.compile("adam")
    terms = np.array([[10.0], [2.0]], np.float32)
    losses = []
    for step in (0, 2, 4, 9):
        vae.steps.assign(step)
        losses.append(float(vae.compute_loss(y_pred=terms)))
    np.testing.assert_allclose(losses, [10, 13, 16, 16])
