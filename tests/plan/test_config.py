"""The config: what is refused, and how."""

import pytest

from tests.helpers import python
from tests.helpers.config import VALID, with_dataset
from vae.plan.loading import load
from vae.plan.messages import ConfigError
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
        ({"tensorboard": 0}, "datasets.mnist.tensorboard: 0: should be greater than or equal to 1"),
        ({"tensorboard": "yes"}, "datasets.mnist.tensorboard: 'yes': should be a valid integer"),
        ({"learning_rate": 0}, "datasets.mnist.learning_rate: 0: should be greater than 0"),
        ({"beta": float("nan")}, "datasets.mnist.beta: nan: should be a finite number"),
        ({"model": "mpl"}, "datasets.mnist.model: 'mpl' is not one of"),
        ({"model": "mpl"}, "did you mean mlp?"),
        ({"optimizer": "sgd"}, "'sgd' is not one of adam, adamax, rmsprop"),
        ({"ema": 1}, "datasets.mnist.ema: 1: should be less than 1"),
        ({"clip_norm": 0}, "datasets.mnist.clip_norm: 0: should be greater than 0"),
        ({"source": "minst"}, "no source is called 'minst', did you mean mnist?"),
        ({"latent_dim": [2, 2]}, "a second run called ld_2"),
        ({"variants": [{"latent_dim": 3}]}, "datasets.mnist.variants.0: a second run called ld_3"),
        (
            {"variants": [{"epoch": 3}]},
            "datasets.mnist.variants.0.epoch: unknown key, did you mean",
        ),
        ({"variants": [{"epochs": [1, "x"]}]}, "datasets.mnist.variants.0.epochs.1: 'x'"),
        ({"variants": [{"epochs": None}]}, "datasets.mnist.variants.0.epochs.0: None: should be"),
        (
            {"figures": {"grid_sizes": 3}},
            "datasets.mnist.figures.grid_sizes: unknown key, did you mean grid_size?",
        ),
        ({"figures": {"frames": 1}}, "datasets.mnist.figures.frames: 1: should be greater than"),
        ({"figures": {"frames": None}}, "datasets.mnist.figures.frames: None: should be a valid"),
    ],
)
def test_mistakes_are_told_with_path_value_and_remedy(changes, expected):
    assert expected in errors(with_dataset(**changes))


@pytest.mark.parametrize("name", ["raw", "all", "train", "plot_samples_gmm", "status"])
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


def test_the_shipped_config_is_valid_and_has_the_original_projects_runs():
    runs = load().runs
    assert list(runs["digits"]) == ["ld_2", "ld_3", "ld_8"]
    assert {"ld_2", "ld_3", "ld_2_e_10", "ld_20_e_10"} <= set(runs["mnist"])


def test_config_imports_neither_numpy_nor_tensorflow():
    code = (
        "import sys; import vae.plan.loading, vae.plan.targets, vae.plan.fingerprints;"
        "sys.exit(str({'numpy', 'tensorflow', 'keras'} & set(sys.modules) or ''))"
    )
    assert python("-c", code).stderr.strip() == ""
