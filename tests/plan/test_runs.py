"""Runs: what a config resolves to, and how runs are called."""

import re

import pytest

from tests.helpers.config import look_again, with_dataset
from vae.plan import datasets, run_settings
from vae.plan.messages import ConfigError
from vae.plan.runs import resolve


def names(**changes):
    return list(resolve(with_dataset(**changes)).runs["mnist"])


def test_latent_dim_is_a_number_or_a_list():
    assert names(latent_dim=2) == ["ld_2"]
    assert names(latent_dim=[2, 3]) == ["ld_2", "ld_3"]


def test_variants_are_named_by_every_key_that_they_set():
    assert names(variants=[{"latent_dim": [2, 20], "epochs": 10}])[2:] == [
        "ld_2_e_10",
        "ld_20_e_10",
    ]
    assert names(latent_dim=16, variants=[{"epochs": 75, "intermediate_dim": 256}])[1:] == [
        "ld_16_id_256_e_75"
    ]


def test_a_key_is_in_the_name_even_where_its_value_is_the_default():
    assert names(latent_dim=2, variants=[{"epochs": 5}]) == ["ld_2", "ld_2_e_5"]


def test_variants_inherit_the_latent_sizes_and_multiply():
    assert names(variants=[{"seed": [1, 2]}])[2:] == [
        *("ld_2_seed_1", "ld_2_seed_2", "ld_3_seed_1", "ld_3_seed_2")
    ]


def test_a_variant_may_name_its_run():
    variant = {"latent_dim": 20, "epochs": 10, "name": "ld_20_best"}
    assert names(variants=[variant]) == ["ld_2", "ld_3", "ld_20_best"]
    with pytest.raises(ConfigError, match="name: ld_best is one name, and these are 2"):
        names(variants=[{"epochs": 10, "name": "ld_best"}])
    with pytest.raises(ConfigError, match="a second run called ld_2"):
        names(variants=[{"latent_dim": 4, "name": "ld_2"}])


def test_what_is_recommended_comes_first_and_changes_no_value():
    variants = [{"epochs": 9}, {"latent_dim": [2, 5], "seed": 1, "recommended": True}]
    first = ["ld_2_seed_1", "ld_5_seed_1"]
    assert names(variants=variants) == [*first, "ld_2", "ld_3", "ld_2_e_9", "ld_3_e_9"]
    runs = resolve(with_dataset(variants=variants)).runs["mnist"]
    assert [name for name, run in runs.items() if run.recommended] == first
    assert "recommended" not in runs["ld_2_seed_1"].values


def test_a_conditional_run_needs_a_folder_with_classes(tmp_path):
    folder = {"source": {"folder": str(tmp_path)}, "size": 9, "latent_dim": [2, 3]}
    (tmp_path / "1.png").touch()
    assert names(**folder) == ["ld_2", "ld_3"]
    for place, changes in {
        "datasets.mnist": {"conditional": True},
        "datasets.mnist.variants.1": {"variants": [{"epochs": 3}, {"conditional": True}]},
    }.items():
        with pytest.raises(ConfigError, match="one subfolder a class") as caught:
            names(**folder, **changes)
        assert "The config has one error" in str(caught.value)
        assert f"{place}.conditional: the folder" in str(caught.value)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").touch()
    look_again()
    assert "ld_2_c_1" in names(**folder, variants=[{"conditional": True}])


def test_a_likelihood_for_colour_is_for_colour_alone(tmp_path):
    with pytest.raises(ConfigError, match="gaussian_rgb is for colour images") as caught:
        names(likelihood="gaussian_rgb")
    assert "is for colour images, and these are gray" in str(caught.value)
    folder = {"source": {"folder": str(tmp_path)}, "size": 9, "likelihood": "gaussian_rgb"}
    assert names(**folder) == ["ld_2", "ld_3"]


def test_fractions_are_short_in_names():
    assert names(latent_dim=2, variants=[{"learning_rate": "1e-3", "beta": 4}])[1] == (
        "ld_2_lr_0.001_beta_4"
    )


def test_true_is_1_in_names():
    assert names(latent_dim=2, variants=[{"flip": [False, True]}])[1:] == [
        "ld_2_flip_0",
        "ld_2_flip_1",
    ]


def test_null_in_a_variant_is_the_default_whatever_the_dataset_sets():
    content = with_dataset(latent_dim=2, ema=0.999, variants=[{"ema": None}, {"clip_norm": 5}])
    runs = resolve(content).runs["mnist"]
    assert list(runs) == ["ld_2", "ld_2_ema_null", "ld_2_cn_5"]
    assert [run.values.get("ema") for run in runs.values()] == [0.999, None, 0.999]
    assert names(latent_dim=2, variants=[{"ema": [None, 0.9]}])[1:] == [
        "ld_2_ema_null",
        "ld_2_ema_0.9",
    ]
    content = with_dataset(latent_dim=2, likelihood="gaussian", variants=[{"likelihood": None}])
    assert resolve(content).runs["mnist"]["ld_2_l_null"].values["likelihood"] == "bernoulli"


def test_binary_images_need_the_bernoulli_likelihood():
    with pytest.raises(ConfigError, match="not gaussian"):
        names(likelihood="gaussian", binarize="dynamic")


def test_a_flow_needs_two_dimensions():
    flow = {"prior": "flow", "couplings": 8}
    assert names(variants=[flow])[2:] == ["ld_2_cp_8_pr_flow", "ld_3_cp_8_pr_flow"]
    for settings in (flow | {"latent_dim": [3, 1]}, {"variants": [flow | {"latent_dim": 1}]}):
        with pytest.raises(ConfigError, match="latent_dim: the prior flow needs at least 2, not 1"):
            names(**settings)
    with pytest.raises(ConfigError, match="couplings: the prior normal has no such setting"):
        names(couplings=8)


def test_every_key_of_a_run_has_an_abbreviation():
    assert set(run_settings.ABBREVIATIONS) == set(run_settings.RunSettings.model_fields)
    assert len(set(run_settings.ABBREVIATIONS.values())) == len(run_settings.ABBREVIATIONS)


def test_values_are_plain_complete_and_in_one_order():
    values = resolve(with_dataset(latent_dim=2)).runs["mnist"]["ld_2"].values
    assert type(values) is dict
    assert list(values) == sorted(values)
    assert values["intermediate_dim"] == 512
    assert "learning_rate" not in values  # it follows from the images, as `auto` does
    assert (values["epochs"], values["batch_size"], values["keep"]) == (5, "auto", "auto")
    assert None not in values.values()
    swapped = with_dataset(latent_dim=2)
    swapped["datasets"]["mnist"] = dict(reversed(swapped["datasets"]["mnist"].items()))
    assert resolve(swapped).runs["mnist"]["ld_2"].values == values


STARTED = {"latent_dim": 2, "variants": [{"init_from": "ld_2", "epochs": 9}]}


def test_a_run_that_starts_from_another_one_has_other_defaults():
    run = resolve(with_dataset(**STARTED)).runs["mnist"]["ld_2_e_9_from_ld_2"]
    assert (run.values["init_from"], run.values["warmup_epochs"]) == ("ld_2", 0.0)
    assert "learning_rate" not in run.values
    for changes in (STARTED | {"learning_rate": 0.01}, STARTED | {"warmup_epochs": 3}):
        run = resolve(with_dataset(**changes)).runs["mnist"]["ld_2_e_9_from_ld_2"]
        assert run.values["warmup_epochs"] == 0.0
        assert "learning_rate" not in run.values
    own = {"init_from": "ld_2", "learning_rate": 0.01}
    run = resolve(with_dataset(latent_dim=2, variants=[own])).runs["mnist"][
        "ld_2_lr_0.01_from_ld_2"
    ]
    assert (run.values["learning_rate"], run.values["warmup_epochs"]) == (0.01, 1.0)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"init_from": "ld_9", "latent_dim": 2}, "no run is called 'ld_9', did you mean ld_"),
        ({"init_from": "ld_3", "latent_dim": 2}, "ld_3 has other weights, since it differs in "
         "latent_dim"),
        ({"init_from": "ld_2", "intermediate_dim": 7, "latent_dim": 2}, "differs in intermediate_"),
        ({"init_from": "ld_2", "model": "conv", "latent_dim": 2},
         "differs in model, filters, intermediate_dim"),
        ({"init_from": "ld_2_from_ld_2", "latent_dim": 2}, "no run is called 'ld_2_from_ld_2'"),
    ],
)  # fmt: skip
def test_a_run_starts_from_one_of_the_same_shapes(changes, problem):
    with pytest.raises(ConfigError, match=re.escape(problem)):
        names(variants=[changes])


def test_runs_that_start_from_each_other_are_refused():
    with pytest.raises(ConfigError, match="each waits for the next: ld_2 from ld_2"):
        names(latent_dim=2, init_from="ld_2")
    circle = [{"init_from": "ld_2_seed_4", "seed": 3}, {"init_from": "ld_2_seed_3", "seed": 4}]
    with pytest.raises(ConfigError, match="ld_2_seed_3_from"):
        names(latent_dim=2, variants=circle)


@pytest.mark.parametrize("changes", [{"keep": "best"}, {"early_stopping": 3}])
def test_what_goes_by_validation_images_needs_some(changes):
    assert names(latent_dim=2, **changes) == ["ld_2"]
    with pytest.raises(ConfigError, match=f"{next(iter(changes))}.* goes by validation images"):
        names(latent_dim=2, validation=0, **changes)


def test_numbers_may_come_as_text_since_the_command_line_gives_them_so():
    assert resolve(with_dataset(epochs="7")).runs["mnist"]["ld_2"].values["epochs"] == 7


def test_an_overlay_takes_a_dataset_away_with_null():
    content = with_dataset()
    content["datasets"]["digits"] = None
    assert list(resolve(content).runs) == ["mnist"]


@pytest.mark.parametrize(
    ("source", "likelihood"),
    [("digits", "bernoulli"), ("mnist", "bernoulli"), ("cifar10", "gaussian")],
)
def test_the_likelihood_suits_the_colours(source, likelihood):
    content = with_dataset(latent_dim=2, source=source)
    content["sources"]["cifar10"] = {"format": "cifar10", "licence": "", "citation": ""}
    assert resolve(content).runs["mnist"]["ld_2"].values["likelihood"] == likelihood


def test_a_setting_that_a_network_lacks_is_refused():
    with pytest.raises(SystemExit, match="filters: the model mlp has no such setting"):
        resolve(with_dataset(filters=3))
    values = resolve(with_dataset(latent_dim=2, model="conv")).runs["mnist"]["ld_2"].values
    assert values["filters"] == 32


def test_a_second_stage_is_for_spatial_codes_unless_runs_are_named():
    def second_stages(**changes):
        runs = resolve(with_dataset(**changes)).runs["mnist"]
        return [name for name, run in runs.items() if run.second_stage]

    variants = [{"latent_dim": 49, "model": "spatial"}]
    assert second_stages(variants=variants) == []
    assert second_stages(variants=variants, second_stage={}) == ["ld_49_m_spatial"]
    named = {"epochs": 3, "runs": ["ld_3"]}
    assert second_stages(variants=variants, second_stage=named) == ["ld_3"]
    with pytest.raises(ConfigError, match=r"second_stage\.runs: no run is called 'ld_4', did"):
        second_stages(second_stage={"runs": ["ld_4"]})


def test_a_key_of_a_second_stage_that_is_unknown_is_named():
    with pytest.raises(ConfigError, match=r"second_stage\.epoch: unknown key, did you mean epochs"):
        resolve(with_dataset(second_stage={"epoch": 3}))


def test_normal_classes_are_those_of_the_images_and_go_into_their_preparation(tmp_path):
    for name in ("train/good", "test/crack"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1.png").touch()
    look_again()
    source = {"source": {"folder": str(tmp_path)}, "size": 8, "latent_dim": 2}

    def resolved(**changes):
        return resolve(with_dataset(**source, **changes))

    plain, settings = resolved(), resolved(anomaly={"normal": "good", "contamination": 0.2})
    assert settings.runs["mnist"]["ld_2"].values == plain.runs["mnist"]["ld_2"].values
    dataset = settings.datasets["mnist"]
    assert dataset.anomaly.normal == ["good"]
    assert not datasets.labelled(dataset)
    before, after = (datasets.preparation(s.datasets["mnist"], {}) for s in (plain, settings))
    assert after == before | {"normal": ["good"]}
    only = resolved(anomaly={"contamination": 0.2}).datasets["mnist"]
    assert datasets.preparation(only, {}) == before
    assert datasets.labelled(only)
    with pytest.raises(
        ConfigError, match=r"anomaly.normal: .* no class 'god', did you mean good\?"
    ):
        resolved(anomaly={"normal": ["god"]})


def test_what_does_not_go_with_normal_classes_is_an_error():
    runs = resolve(with_dataset(anomaly={"normal": [3, "x"]})).datasets["mnist"]
    assert datasets.normal_classes(runs) == ["3", "x"]
    with pytest.raises(ConfigError) as error:
        resolve(with_dataset(anomaly={"normal": 3}, conditional=True, second_stage={}))
    assert "mnist.conditional: with anomaly.normal, runs are trained on normal" in str(error.value)
    assert "mnist.second_stage: with anomaly.normal" in str(error.value)
    for key, value in (("contamination", 0), ("contamination", 0.6), ("score", 1), ("normal", [])):
        with pytest.raises(ConfigError, match=f"datasets.mnist.anomaly.{key}"):
            resolve(with_dataset(anomaly={key: value}))
