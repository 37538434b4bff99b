"""Settings that follow from the number of images."""

import json
import math
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.config import run_settings
from vae.plan import loading
from vae.plan.run_settings import RunSettings
from vae.services.errors import UserError
from vae.training.defaults import resolved

BEFORE = json.loads(Path(__file__, "../configured_runs.json").resolve().read_text())
# Images to train on; no configured dataset has few.
MANY = 10_000


def auto(images, validated=False, **changes):
    free = {"batch_size": "auto", "epochs": "auto", "learning_rate": None}
    return resolved(run_settings(**free | changes), images, validated)


@pytest.mark.parametrize(
    ("images", "batch_size", "epochs"),
    [
        (1, 1, 1000),
        (16, 1, 63),
        (96, 9, 91),
        (400, 40, 100),
        (4000, 256, 63),
        (60_000, 256, 60),
        (1_000_000, 256, 7),
        (100_000_000, 256, 1),
    ],
)
def test_batches_and_epochs_follow_from_the_images(images, batch_size, epochs):
    run = auto(images)
    assert (run.batch_size, run.epochs) == (batch_size, epochs)


def test_the_learning_rate_falls_with_a_batch_that_was_chosen_here():
    assert auto(96).learning_rate == pytest.approx(0.008 * math.sqrt(9 / 256))
    assert auto(60_000).learning_rate == 0.008
    assert auto(96, batch_size=9).learning_rate == 0.008
    assert auto(96, learning_rate=0.5).learning_rate == 0.5
    assert auto(60_000, optimizer="rmsprop").learning_rate == 0.001
    assert auto(60_000, model="conv", filters=2).learning_rate == 0.002
    assert auto(60_000, init_from="ld_3").learning_rate == pytest.approx(0.0008)


@pytest.mark.parametrize(
    ("epochs", "validated", "keep"),
    [("auto", True, "best"), ("auto", False, "last"), (5, True, "last"), (5, False, "last")],
)
def test_the_best_epoch_is_kept_if_nobody_said_how_many_there_are(epochs, validated, keep):
    assert auto(96, validated, epochs=epochs).keep == keep
    assert auto(96, validated, epochs=epochs, keep="last").keep == "last"


def test_the_best_epoch_is_one_by_validation_images():
    assert auto(96, True, keep="best", early_stopping=3).keep == "best"
    for changes in ({"keep": "best"}, {"early_stopping": 3}):
        with pytest.raises(UserError, match="Set validation in"):
            auto(96, False, **changes)


def test_configured_runs_are_what_they_were_before_there_was_auto():
    configured = loading.load(paths=[ROOT / file for file in loading.FILES]).runs
    kept = {
        name: [run.name for run in runs.values() if not run.recommended]
        for name, runs in configured.items()
    }
    assert kept == {name: sorted(runs, key=kept[name].index) for name, runs in BEFORE.items()}
    for name, runs in BEFORE.items():
        for run, before in runs.items():
            values = resolved(RunSettings(**configured[name][run].values), MANY, False)
            now = values.model_dump(exclude_none=True)
            assert {key: now[key] for key in before} == before
            added = {key: value for key, value in now.items() if key not in before}
            assert added.pop("keep") == "last"
            assert set(added.values()) == {0.0}
