import numpy as np
import pytest
from scipy.stats import norm

from vae.latent.codes import Latents, load, save
from vae.services.errors import UserError


def latents(n=5):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2, n, 3)).astype(np.float32)
    return Latents(z[0], z[1], np.arange(n), ("a", "b"))


def test_kl_is_the_expected_difference_of_the_logarithms_of_the_densities():
    codes = latents(2)
    x = np.linspace(-30, 30, 60_001)[:, None, None]
    log_q = norm.logpdf(x, codes.z_mean, np.exp(codes.z_log_var / 2))
    integrand = np.exp(log_q) * (log_q - norm.logpdf(x))
    np.testing.assert_allclose(codes.kl, np.trapezoid(integrand, x, axis=0).mean(0), rtol=1e-4)


def test_latents_come_back_as_they_were(tmp_path):
    save(latents(), tmp_path / "latents.npz")
    loaded = load(tmp_path / "latents.npz")
    assert loaded.class_names == ("a", "b")
    for field in ("z_mean", "z_log_var", "labels"):
        np.testing.assert_array_equal(getattr(loaded, field), getattr(latents(), field))


def test_damaged_latents_say_what_to_do(tmp_path):
    path = tmp_path / "latents.npz"
    np.savez(path, z_mean=np.array([object()], dtype=object))
    with pytest.raises(UserError, match="Delete it"):
        load(path)


@pytest.mark.parametrize("changes", [{"z_mean": "datetime64[Y]"}, {"labels": float}])
def test_numbers_of_another_kind_are_damage(tmp_path, changes):
    path = tmp_path / "latents.npz"
    arrays = vars(latents())
    np.savez(path, **arrays | {k: arrays[k].astype(kind) for k, kind in changes.items()})
    with pytest.raises(UserError, match="Delete it"):
        load(path)
