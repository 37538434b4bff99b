"""Metrics of disentanglement on codes of which the answers are known."""

import numpy as np
import pytest

from vae.evaluation.disentanglement import Known, dci, metrics, mig, sap

KINDS = {"shape": "class", "size": "number", "x": "number"}


def known(code, n=1000, seed=0):
    """Images by independent factors; code: of their values, each of variance 1, [N, 3]."""
    rng = np.random.default_rng(seed)
    levels = {"shape": 3, "size": 6, "x": 15}
    values = {name: rng.integers(0, count, n) for name, count in levels.items()}
    standard = np.stack([(v - v.mean()) / v.std() for v in values.values()], axis=1)
    return Known(code(standard, rng).astype(np.float32), values)


def perfect(values, rng):
    return values[:, [2, 0, 1]] * [1, -3, 0.1] + 1e-4 * rng.normal(size=values.shape)


def rotated(values, rng):
    """Each dimension has as much of each factor as the others."""
    return values @ np.linalg.qr(np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2.0]]).T)[0].T


def noise(values, rng):
    return rng.normal(size=(len(values), 4))


def both(code):
    return known(code), known(code, seed=1)


def value(code):
    return {name: metric["value"] for name, metric in metrics(*both(code), KINDS).items()}


def test_a_dimension_for_each_factor_is_perfect_whatever_its_scale_and_order():
    found = value(perfect)
    assert found == pytest.approx(dict.fromkeys(found, 1), abs=0.04)
    assert [*found] == [
        *("mig", "sap", "dci_disentanglement", "dci_completeness", "dci_informativeness")
    ]


def test_codes_that_have_the_factors_turned_into_each_other_say_much_and_separate_little():
    found, best = value(rotated), value(perfect)
    assert found["dci_informativeness"] > 0.7
    for name in ("mig", "sap", "dci_disentanglement", "dci_completeness"):
        assert found[name] < 0.4 * best[name], name


def test_codes_that_say_nothing_are_at_zero():
    found = value(noise)
    assert found.pop("dci_informativeness") < 0.15
    assert found == pytest.approx(dict.fromkeys(found, 0), abs=0.07)


def test_a_dimension_that_never_moves_and_a_copy_of_another_one():
    def with_copy(values, rng):
        return np.column_stack([values, values[:, 1], np.zeros(len(values))])

    train, test = both(with_copy)
    assert sap(test, {"size": "number"}) == mig(test, {"size": "number"}) == 0
    assert sap(test, {"x": "number"}) == pytest.approx(1, abs=0.02)
    completeness = dci(train, test, {"size": "number", "x": "number"})["dci_completeness"]
    assert completeness == pytest.approx((1 - np.log(2) / np.log(5) + 1) / 2, abs=0.1)


def test_the_gap_is_a_share_of_a_factors_entropy():
    """Half of the images have a code that says the factor, the others one that does not."""
    rng = np.random.default_rng(0)
    factor = rng.integers(0, 4, 40_000)
    says = rng.random(40_000) < 0.5
    z = np.column_stack([np.where(says, factor, 4), rng.normal(size=40_000)])
    assert mig(Known(z, {"f": factor}), {"f": "number"}) == pytest.approx(0.5, abs=0.01)


def test_a_single_dimension_has_nothing_beside_it():
    one = both(lambda values, rng: values[:, :1])
    found = metrics(*one, {"shape": "class"})
    assert found["mig"]["value"] == pytest.approx(1)
    assert found["dci_completeness"]["value"] == 1
    assert found["mig"]["images"] == 1000


def test_factors_that_never_vary_do_not_count():
    train, test = both(perfect)
    with_colour = [Known(k.z, {**k.factors, "color": np.ones(len(k.z))}) for k in (train, test)]
    found = metrics(*with_colour, KINDS | {"color": "number"})
    assert found == metrics(train, test, KINDS)
    assert metrics(*with_colour, {"color": "number"}) == {}
