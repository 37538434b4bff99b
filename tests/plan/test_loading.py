"""YAML files: what is refused, and how they are laid over each other."""

import pytest

from tests.helpers import ROOT
from vae.plan import loading
from vae.plan.loading import load, merged, read
from vae.plan.messages import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1, 2\nb: 3\n", "config.yaml, line 2, column 2: not valid YAML"),
        ("a:\n\tb: 1\n", "not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", 'duplicate key "a"'),
        ("- a\n- b\n", "should hold keys and values"),
    ],
)
def test_yaml_mistakes_are_told_with_their_line(tmp_path, text, expected):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="nothing was run") as caught:
        read(str(path))
    assert expected in str(caught.value)


def test_yaml_that_is_fine_or_empty_passes(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "merge.yaml").write_text("a: &a {b: 1}\nc: {<<: *a, d: 2}\n")
    read(str(tmp_path / "empty.yaml"), str(tmp_path / "merge.yaml"))


def test_a_missing_config_is_told(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read(str(tmp_path / "config.yaml"))


def test_configs_are_laid_over_each_other_key_by_key():
    below = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}
    above = {"a": {"c": [3]}, "d": None, "f": 2}
    assert merged([below, above]) == {"a": {"b": 1, "c": [3]}, "d": None, "f": 2}
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}, "both stay as they are"


def test_what_is_given_lies_over_the_files(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "datasets: {d: {source: digits, latent_dim: 2, epochs: 3}}\n"
        "sources: {digits: {format: digits, licence: free, citation: none}}\n"
    )
    (tmp_path / "b.yaml").write_text("datasets: {d: {epochs: 4, latent_dim: 3}}\n")
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    assert load(paths=files).runs["d"]["ld_3"].values["epochs"] == 4
    settings = load({"datasets": {"d": {"epochs": "7"}}}, files)
    assert settings.runs["d"]["ld_3"].values["epochs"] == 7
    with pytest.raises(ConfigError, match="none is configured"):
        load({"datasets": {"d": None}}, files)


def test_config_files_are_the_projects_unless_the_working_directory_has_its_own(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(ROOT)
    assert loading.files()[:2] == ["config/sources.yaml", "config/config.yaml"]
    monkeypatch.chdir(tmp_path)
    assert loading.files()[:2] == [str(ROOT / file) for file in loading.FILES]
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").touch()
    assert loading.files()[:2] == [str(ROOT / loading.SOURCES), "config/config.yaml"]


def test_each_file_in_config_datasets_is_laid_over_the_config(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "PROJECT", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config/datasets").mkdir(parents=True)
    for name in ("b.yaml", "a.yaml", "notes.txt"):
        (tmp_path / "config/datasets" / name).touch()
    assert loading.files() == [
        *("config/sources.yaml", "config/config.yaml"),
        *("config/datasets/a.yaml", "config/datasets/b.yaml"),
    ]
