"""The config: what is refused, and how."""

import json
import re

import pytest
import yaml

from tests.helpers import ROOT, python
from tests.helpers.config import VALID, with_dataset
from vae.plan import config
from vae.plan.config import ConfigError, check_yaml
from vae.plan.runs import resolve


def errors(content):
    with pytest.raises(ConfigError) as caught:
        resolve(content)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"latent_dims": 2}, "datasets.mnist.latent_dims: unknown key, did you mean latent_dim?"),
        ({"latent_dim": []}, "datasets.mnist.latent_dim: an empty list gives no run"),
        ({"latent_dim": [2, -3]}, "datasets.mnist.latent_dim.1: -3: should be greater than"),
        ({"latent_dim": 2.5}, "datasets.mnist.latent_dim.0: 2.5: should be a valid integer"),
        ({"epochs": "many"}, "datasets.mnist.epochs: 'many': should be a valid integer"),
        ({"epochs": True}, "datasets.mnist.epochs: True: should be a number"),
        ({"epochs": 0}, "datasets.mnist.epochs: 0: should be greater than or equal to 1"),
        ({"learning_rate": 0}, "datasets.mnist.learning_rate: 0: should be greater than 0"),
        ({"beta": float("nan")}, "datasets.mnist.beta: nan: should be a finite number"),
        ({"model": "mpl"}, "datasets.mnist.model: 'mpl' is not one of"),
        ({"model": "mpl"}, "did you mean mlp?"),
        ({"optimizer": "sgd"}, "'sgd' is not one of adam, rmsprop"),
        ({"source": "minst"}, "no source is called 'minst', did you mean mnist?"),
        ({"latent_dim": [2, 2]}, "a second run called ld_2"),
        ({"variants": [{"latent_dim": 3}]}, "datasets.mnist.variants.0: a second run called ld_3"),
        (
            {"variants": [{"epoch": 3}]},
            "datasets.mnist.variants.0.epoch: unknown key, did you mean",
        ),
        ({"variants": [{"epochs": [1, "x"]}]}, "datasets.mnist.variants.0.epochs.1: 'x'"),
        ({"figures": {"grid_sizes": 3}}, "datasets.mnist.figures.grid_sizes: unknown key"),
    ],
)
def test_mistakes_are_told_with_path_value_and_remedy(changes, expected):
    assert expected in errors(with_dataset(**changes))


@pytest.mark.parametrize("name", ["raw", "all", "train"])
def test_names_of_the_workflow_are_no_datasets(name):
    content = VALID | {"datasets": {name: VALID["datasets"]["mnist"]}}
    assert f"datasets.{name}: the workflow uses this name itself" in errors(content)


@pytest.mark.parametrize("name", ["a-b", "2d", "a b", "../x", "", "é"])
def test_dataset_names_are_identifiers(name):
    content = VALID | {"datasets": {name: VALID["datasets"]["mnist"]}}
    assert "a dataset's name is a letter" in errors(content)


def test_all_errors_come_at_once():
    text = errors(with_dataset(epochs=-1, latent_dims=2, model="x") | {"mirros": []})
    assert "The config has 4 errors; nothing was run." in text
    assert "mirros: unknown key, did you mean mirrors?" in text
    assert "config/README.md" in text


@pytest.mark.parametrize("content", [{}, {"datasets": {}}, {"datasets": {"mnist": None}}])
def test_a_config_without_datasets_is_refused(content):
    assert "datasets:" in errors(content)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1, 2\nb: 3\n", "config.yaml, line 2, column 2: not valid YAML"),
        ("a:\n\tb: 1\n", "not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", "the key «a» stands here a second time"),
        ("- a\n- b\n", "should hold keys and values"),
    ],
)
def test_yaml_mistakes_are_told_with_their_line(tmp_path, text, expected):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="nothing was run") as caught:
        check_yaml(str(path))
    assert expected in str(caught.value)


def test_yaml_that_is_fine_or_empty_passes(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "merge.yaml").write_text("a: &a {b: 1}\nc: {<<: *a, d: 2}\n")
    check_yaml(str(tmp_path / "empty.yaml"), str(tmp_path / "merge.yaml"))


def test_a_missing_config_is_told(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        check_yaml(str(tmp_path / "config.yaml"))


def test_the_shipped_config_is_valid_and_has_the_original_projects_runs():
    content = {}
    for path in ("config/sources.yaml", "config/config.yaml"):
        content |= yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    runs = resolve(content).runs
    assert list(runs["digits"]) == ["ld_2", "ld_3", "ld_8"]
    assert {"ld_2", "ld_3", "ld_2_e_10", "ld_20_e_10"} <= set(runs["mnist"])


def test_config_imports_neither_numpy_nor_tensorflow():
    code = (
        "import sys; import vae.plan.runs, vae.plan.fingerprints;"
        "sys.exit(str({'numpy', 'tensorflow', 'keras'} & set(sys.modules) or ''))"
    )
    assert python("-c", code).stderr.strip() == ""


def test_the_schema_for_editors_is_that_of_the_config():
    written = (ROOT / "workflow/schemas/config.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == config.json_schema(), "run: make schema"


def test_the_shipped_config_passes_the_schema_for_editors():
    jsonschema = pytest.importorskip("jsonschema")
    content = {}
    for path in ("config/sources.yaml", "config/config.yaml"):
        content |= yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    jsonschema.validate(content, config.json_schema())
    content["datasets"]["mnist"]["latent_dims"] = 2
    with pytest.raises(jsonschema.ValidationError, match="latent_dims"):
        jsonschema.validate(content, config.json_schema())


def test_every_key_is_described_in_the_readme():
    readme = (ROOT / "config/README.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `(\w+)` ", readme, re.M))
    models = (
        config.Config,
        config.Dataset,
        config.FigureSettings,
        config.EvaluationSettings,
        config.ExplorerSettings,
        config.Source,
        config.RawFile,
    )
    assert described >= {key for model in models for key in model.model_fields}


def test_no_rule_can_be_shadowed_by_a_dataset():
    rules = {"all"}
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        rules.update(re.findall(r"^rule (\w+):", path.read_text(encoding="utf-8"), re.M))
    assert rules <= config.RESERVED
