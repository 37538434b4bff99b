"""What parts state about themselves in their files."""

import pytest
from pydantic import ValidationError, create_model

from vae.plan import parts as parts_module
from vae.plan import reference
from vae.plan.parts import by_part, fields, fields_of_all, parts
from vae.plan.run_settings import ABBREVIATIONS, RunSettings

SETTINGS = """
import keras
LEARNING_RATE = 0.01
SETTINGS = {
    "depth": {"type": "whole", "bounds": {"ge": 1, "le": 9}, "default": 3, "description": "layers",
              "abbreviation": "d"},
    "slope": {"type": "real", "bounds": {"gt": 0}, "default": 0.5, "description": "of the ReLU",
              "abbreviation": "sl"},
    "skip": {"type": "bool", "default": True, "description": "connections", "abbreviation": "sk"},
    "norm": {"type": "choice", "choices": ["batch", "none"], "default": "none",
             "description": "normalisation", "abbreviation": "n"},
}
NOT_LITERAL = keras.layers
"""
FIGURE = """
FILES = {"toy.png": "a toy"}
SETTINGS = {
    "dots": {"type": "whole", "bounds": {"ge": 1}, "default": None, "default_text": "as fit",
             "description": "dots"},
    "frames": {"type": "whole", "bounds": {"ge": 1}, "default": 4, "description": "frames"},
}
"""


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """A folder of two networks; calling it writes one more file there."""
    monkeypatch.setattr(parts_module, "ROOT", tmp_path)
    for folder in ("models", "figures", "sources"):
        (tmp_path / folder).mkdir()

    def write(name, text, folder="models"):
        (tmp_path / folder / f"{name}.py").write_text(text)
        parts.cache_clear()

    write("toy", SETTINGS)
    write("toy_too", SETTINGS.replace('"default": 3', '"default": 4'))
    write("inputs", "WIDTH = 1\n")
    yield write
    parts.cache_clear()


def test_parts_are_the_files_with_settings(toys):
    assert list(parts("models")) == ["toy", "toy_too"]
    toy = parts("models")["toy"]
    assert toy.settings["depth"]["default"] == 3
    assert toy.constants == {"LEARNING_RATE": 0.01}


def test_parts_can_share_settings(toys, monkeypatch):
    shared = {"a": {"default": 1}, "b": {"default": 2}}
    monkeypatch.setattr(parts_module, "constant", lambda module, name: shared)
    some = 'SETTINGS_FROM = {"vae.shared": ["b"]}\nSETTINGS = {"c": {"default": 3}}\n'
    toys("some", some)
    toys("all", some.replace('["b"]', "[]").replace('"c"', '"a"'))
    stated = {name: parts("models")[name].settings for name in ("some", "all")}
    assert stated["some"] == {"b": {"default": 2}, "c": {"default": 3}}
    assert stated["all"] == {"a": {"default": 3}, "b": {"default": 2}}
    assert parts("models")["all"].constants == {}


def test_a_setting_is_a_field_that_refuses_what_its_part_refuses(toys):
    model = create_model("Model", **fields("models"))
    assert list(model.model_fields) == ["depth", "norm", "skip", "slope"]
    assert model().depth is None
    assert model(depth="9", slope=2, skip=False, norm="batch").depth == 9
    for wrong in ({"depth": 0}, {"depth": True}, {"slope": 0}, {"skip": 3}, {"norm": "layer"}):
        with pytest.raises(ValidationError):
            model(**wrong)


def test_parts_that_share_a_key_differ_in_its_default_alone(toys):
    toys("third", SETTINGS.replace('"abbreviation": "d"', '"abbreviation": "dep"'))
    with pytest.raises(ValueError, match="toy and third state different things about depth"):
        fields("models")


def test_the_setting_of_a_network_needs_an_abbreviation(toys):
    toys("third", 'SETTINGS = {"width": {"type": "bool", "default": True, "description": ""}}')
    with pytest.raises(KeyError, match="abbreviation"):
        fields("models")


SOURCE = """
SETTINGS = {
    "size": {"type": "whole", "bounds": {"ge": 1}, "required": True, "description": "pixels"},
    "share": {"type": "real", "bounds": {"gt": 0}, "default": 0.2, "description": "of a class"},
    "crop": {"type": "choice", "choices": ["fit", "pad"], "default": "fit", "description": "how"},
}
"""


def test_settings_that_are_in_no_name_need_no_abbreviation_and_some_are_required(toys):
    toys("one", SOURCE, "sources")
    toys("two", SOURCE.replace('"default": "fit"', '"default": "pad"'), "sources")
    model = create_model("Sources", **fields("sources", in_names=False))
    assert model().model_dump() == {"crop": None, "share": None, "size": None}
    words = {key: reference._default(field) for key, field in model.model_fields.items()}
    assert words == {"crop": "one fit, two pad", "share": "`0.2`", "size": ""}


def test_settings_of_figures_have_their_default_or_words_for_it(toys):
    toys("one", FIGURE, "figures")
    toys("two", FIGURE, "figures")
    model = create_model("Figures", **fields_of_all("figures"))
    assert model().model_dump() == {"dots": None, "frames": 4}
    assert reference._default(model.model_fields["dots"]) == "as fit"
    assert reference._default(model.model_fields["frames"]) == "`4`"
    with pytest.raises(ValidationError):
        model(frames=None)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"as fit"', '"many"'), ('"default": 4', '"default": 5'), ('"ge": 1', '"ge": 2')],
)
def test_figures_that_share_a_key_state_the_same(toys, old, new):
    toys("one", FIGURE, "figures")
    toys("two", FIGURE.replace(old, new), "figures")
    with pytest.raises(ValueError, match="two and one state different things about"):
        fields_of_all("figures")


def test_defaults_in_words_name_the_parts():
    assert by_part({"a": 1, "b": 2, "c": 2, "d": None}) == "a 1, b and c 2"


def test_settings_of_networks_are_in_names_before_those_that_came_later():
    assert list(ABBREVIATIONS)[:4] == ["latent_dim", "intermediate_dim", "filters", "epochs"]
    assert set(ABBREVIATIONS) == set(RunSettings.model_fields)
