"""Signs in a history that a training did not work."""

import pandas as pd
import pytest

from tests.helpers.config import run_settings
from vae.services import warning_texts
from vae.training import trouble


def history(loss, held_out, name="test"):
    epochs = range(1, len(loss) + 1)
    return pd.DataFrame({"epoch": epochs, "loss": loss, f"{name}_loss": held_out})


def found(rows, kept=None, images=4000, **changes):
    run = run_settings(batch_size=4, **changes)
    return trouble.found(rows, run, images, kept or len(rows))


def test_nothing_is_wrong_with_a_training_that_works():
    assert found(history([200.0, 110.0, 100.0], [120.0, 104.0, 101.0])) == {}
    assert found(history([20.0, -3.0, -10.0], [15.0, -2.0, -8.5])) == {}
    assert found(history([39.1, -40.0, -44.2], [10.3, -30.0, -32.0])) == {}  # digits, ld_8


def test_few_steps():
    rows = history([200.0, 110.0], [120.0, 104.0])
    warning = found(rows, images=1996)
    assert warning == {"few steps": {"steps": 998}}
    assert "had 998 steps" in warning_texts.sentences(warning)[0]
    assert found(rows, images=1999) == {}
    assert found(rows, images=9, init_from="ld_3") == {}


@pytest.mark.parametrize("name", ["test", "validation"])
def test_images_that_were_learned_by_heart(name):
    rows = history([9000.0, 0.0, -6000.0], [9100.0, -4000.0, 13_000.0], name)
    assert list(found(rows)) == ["overfitting", "past the best"]
    far, other = warning_texts.sentences(found(rows))
    assert f"The {name} loss, 13,000.00, is far above" in far
    assert "epoch 2 had -4,000.00" in other
    assert found(rows, kept=2) == {}


def test_one_epoch_says_nothing_about_overfitting():
    assert found(history([100.0], [150.0])) == {}
