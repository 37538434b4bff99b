import numpy as np
import pytest
from scipy.stats import norm

from vae.data.file_names import FileNames
from vae.latent.codes import Codes, DatasetCodes, Draws, kl_divergence, load, save
from vae.services.errors import UserError

FIELDS = ("z", "kl", "labels", "z_log_var")


def codes(n=5, groups=3, **changes):
    z = np.random.default_rng(n).normal(size=(3, n, 3)).astype(np.float32)
    names = FileNames.of(f"é/{i}.png" for i in range(n))
    fields = {"z": z[0], "kl": np.abs(z[1])[:, :groups], "labels": np.arange(n), "files": names}
    return Codes(**fields | {"z_log_var": z[2]} | changes)


def test_kl_is_the_expected_difference_of_the_logarithms_of_the_densities():
    mean, log_var = (np.random.default_rng(0).normal(size=(2, 3)) for _ in range(2))
    x = np.linspace(-30, 30, 60_001)[:, None, None]
    log_q = norm.logpdf(x, mean, np.exp(log_var / 2))
    integrand = np.exp(log_q) * (log_q - norm.logpdf(x))
    expected = np.trapezoid(integrand, x, axis=0)
    np.testing.assert_allclose(kl_divergence(mean, log_var), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "dataset",
    [
        DatasetCodes({"train": codes(7), "test": codes(2)}, ("a", "b")),
        DatasetCodes(
            {name: codes(n, 1, z_log_var=None) for name, n in (("train", 4), ("test", 3))},
            draws=Draws(np.ones((2, 3), np.float32), np.array([0, 3])),
        ),
        DatasetCodes({"train": codes(4), "test": codes(1), "validation": codes(3)}),
    ],
)
def test_codes_come_back_as_they_were(tmp_path, dataset):
    save(dataset, tmp_path / "codes.npz")
    loaded = load(tmp_path / "codes.npz")
    assert loaded.class_names == dataset.class_names
    assert list(loaded.splits) == list(dataset.splits)
    for name, split in dataset.splits.items():
        assert [*loaded.splits[name].files] == [*split.files]
        for field in FIELDS:
            np.testing.assert_array_equal(
                getattr(loaded.splits[name], field), getattr(split, field)
            )
    if dataset.draws:
        np.testing.assert_array_equal(loaded.draws.z, dataset.draws.z)
        np.testing.assert_array_equal(loaded.draws.rows, dataset.draws.rows)
    else:
        assert loaded.draws is None


def test_dimensions_are_told_apart_by_their_kl_or_else_by_their_variance():
    split = codes()
    name, unit, values = split.information
    assert (name, unit) == ("KL", "nats")
    np.testing.assert_allclose(values, split.kl.mean(axis=0), rtol=1e-6)
    split = codes(groups=1)
    assert split.information.name == "variance"
    np.testing.assert_allclose(split.information.values, split.z.var(axis=0), rtol=1e-6)


def test_damaged_codes_say_what_to_do(tmp_path):
    path = tmp_path / "codes.npz"
    np.savez(path, train_z=np.array([object()], dtype=object))
    with pytest.raises(UserError, match="Delete it"):
        load(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"z": np.zeros((5, 3), "datetime64[Y]")},
        {"z": np.full((5, 3), np.nan)},
        {"labels": np.zeros(5)},
        {"labels": np.zeros(4, int)},
        {"files": FileNames.none(6)},
    ],
)
def test_codes_that_cannot_be_are_refused(changes):
    with pytest.raises(ValueError, match=r"codes|labels"):
        codes(**changes)
