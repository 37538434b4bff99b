"""What figures state in their modules."""

import re

import pytest

from tests.helpers import ROOT
from vae.plan import figures
from vae.plan.config import FigureSettings
from vae.plan.parts import parts
from vae.plan.run_settings import RunSettings

FIGURES = parts("figures")


def stated():
    """The files of every figure."""
    return [file for part in FIGURES.values() for file in part.constants["FILES"]]


def test_every_file_that_a_figure_states_is_made_by_one_rule():
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    made = re.findall(r'in_report\(\s*"results/[^"]*/([^"/]+\.(?:png|gif))"', rules)
    assert sorted(made) == sorted(stated())
    assert len(set(made)) == len(made)


def test_every_figure_has_a_label_of_its_own():
    labels = [figures.label(file) for file in stated()]
    assert len(set(labels)) == len(labels)
    assert figures.label("samples_gmm.png") == "samples of the mixture"


def test_a_file_that_no_figure_states_has_no_label():
    with pytest.raises(LookupError, match=r"'smaples\.png'"):
        figures.label("smaples.png")


def test_figures_are_drawn_for_values_that_runs_have():
    for part in FIGURES.values():
        for kind in ("DRAWN_FOR", "DRAWN_ABOVE", "DRAWN_WITH"):
            assert set(part.constants.get(kind, {})) <= set(RunSettings.model_fields)
        assert part.constants.get("OF", "run") in ("run", "second stage", "anomaly", "dataset")


def test_all_values_have_to_match():
    for values, drawn in (
        ({"latent_dim": 3, "conditional": False}, True),
        ({"latent_dim": 3, "conditional": True}, False),
        ({"latent_dim": 2, "conditional": False}, False),
        ({"latent_dim": 3}, False),
    ):
        assert ("grid.gif" in figures.files_of_a_run(values)) == drawn


def test_a_map_is_drawn_of_codes_that_no_space_shows():
    for latent_dim in (2, 3, 4, 512):
        drawn = latent_dim > 3
        assert ("map.png" in figures.files_of_a_run({"latent_dim": latent_dim})) == drawn
        assert figures.is_drawn("code_map", {"latent_dim": latent_dim}) == drawn


def test_figure_settings_are_those_that_figures_state():
    assert set().union(*map(figures.setting_keys, FIGURES)) == set(FigureSettings.model_fields)
    assert figures.setting_keys("grid_animation") == {"grid_size", "frames"}
