"""What rebuilds what: a contract, read off `snakemake -n`."""

import pytest

from vae.latent.principal_components import MOST_DIMENSIONS

RUNS = {"digits/ld_2", "digits/ld_3"}
NEW_CODE = ("\n\n\n", "\n\nSOMETHING_NEW = 1\n\n\n")
AFTER_EVALUATE = {"compare": {"digits"}, "write_model_card": RUNS}
REPRESENTATION = {"evaluate_representation": RUNS} | AFTER_EVALUATE
EVALUATED = {"evaluate": RUNS, "plot_outliers": RUNS} | AFTER_EVALUATE
SAMPLES_EVALUATED = {"evaluate_samples": RUNS} | AFTER_EVALUATE


@pytest.fixture
def built_copy(built, tmp_path):
    """A project of the test's own, only to plan in: no file in results may be written to."""
    return built.copy(tmp_path / "project", link_results=True)


def folders(plan):
    return set().union(*plan.values()) if plan else set()


def test_nothing_changed_runs_nothing(built_copy):
    assert built_copy.planned() == {}


def test_event_files_for_tensorboard_rerun_nothing(built_copy):
    built_copy.configure("digits", tensorboard=True)
    assert built_copy.planned() == {}


def test_adding_a_latent_size_runs_that_run_and_the_comparison(built_copy):
    built_copy.configure("digits", latent_dim=[2, 3, 7])
    plan = built_copy.planned()
    assert plan.pop("compare") == {"digits"}
    assert folders(plan) == {"digits/ld_7"}
    assert plan["train"] == {"digits/ld_7"}


def test_adding_a_variant_runs_that_run_and_the_comparison(built_copy):
    built_copy.configure("digits", variants=[{"latent_dim": 2, "epochs": 3}])
    plan = built_copy.planned()
    assert plan.pop("compare") == {"digits"}
    assert folders(plan) == {"digits/ld_2_e_3"}


def test_a_run_on_request_runs_where_it_is_asked_for_alone(built_copy):
    variant = {"latent_dim": 2, "epochs": 3, "name": "ld_2_long", "on_request": True}
    built_copy.configure("digits", variants=[variant])
    assert built_copy.planned() == {}
    assert folders(built_copy.planned("results/digits/ld_2_long/grid.png")) == {"digits/ld_2_long"}


def test_what_is_recommended_redraws_the_comparison_alone(built_copy):
    built_copy.configure(
        "digits", latent_dim=[2], variants=[{"latent_dim": 3, "name": "ld_3", "recommended": True}]
    )
    assert built_copy.planned() == {"compare": {"digits"}}


def test_removing_a_latent_size_runs_the_comparison_alone(built_copy):
    built_copy.configure("digits", latent_dim=[2])
    assert built_copy.planned() == {"compare": {"digits"}}


@pytest.mark.parametrize(
    "change",
    [{"epochs": 3}, {"batch_size": 128}, {"intermediate_dim": 9}, {"seed": 1}, {"beta": 2}],
)
def test_a_value_of_a_dataset_runs_its_runs(built_copy, change):
    built_copy.configure("digits", **change)
    plan = built_copy.planned()
    assert plan["train"] == RUNS
    assert "prepare" not in plan


def test_two_values_that_change_places_are_noticed(built_copy):
    """Snakemake compares the values of parameters without their names."""
    built_copy.configure("digits", epochs=8, intermediate_dim=2)
    assert built_copy.planned()["train"] == RUNS


def test_a_figure_setting_runs_those_figures(built_copy):
    built_copy.configure("digits", figures={"grid_size": 5})
    plan = built_copy.planned()
    assert plan["plot_grid"] == RUNS
    assert not {"train", "encode", "prepare", "plot_history", "plot_architecture"} & set(plan)


@pytest.mark.parametrize(
    ("keys", "plan"),
    [("draws samples images", EVALUATED), ("generated", SAMPLES_EVALUATED)],
)
def test_what_is_evaluated_runs_the_evaluation_and_what_reads_it(built_copy, keys, plan):
    evaluation = built_copy.config["datasets"]["digits"]["evaluation"]
    built_copy.configure("digits", evaluation=evaluation | dict.fromkeys(keys.split(), 6))
    assert built_copy.planned() == plan


def test_how_error_maps_are_smoothed_exports_scorers_and_draws_outliers(built_copy):
    evaluation = built_copy.config["datasets"]["digits"]["evaluation"]
    built_copy.configure("digits", evaluation=evaluation | {"map_sigma": 1})
    assert built_copy.planned() == {"export_scorer": RUNS, "plot_outliers": RUNS}


def test_a_threshold_exports_scorers_and_says_what_they_find(built_copy):
    built_copy.configure("digits", anomaly={"contamination": 0.1})
    rules = ("export_scorer", "evaluate_anomalies", "plot_roc", "plot_outliers")
    assert built_copy.planned() == dict.fromkeys(rules, RUNS)


def test_how_many_outliers_there_are_draws_them_alone(built_copy):
    built_copy.configure("digits", figures={"outliers": 5})
    assert built_copy.planned() == {"plot_outliers": RUNS}


@pytest.mark.parametrize(
    ("module", "rules"),
    [("latent_space", {"plot_latent"}), ("samples", {"plot_samples", "plot_samples_gmm"})],
)
def test_the_code_of_a_figure_runs_that_figure_alone(built_copy, module, rules):
    built_copy.edit(f"scripts/vae/figures/{module}.py", *NEW_CODE)
    assert built_copy.planned() == dict.fromkeys(rules, RUNS)


def test_a_label_and_words_about_a_setting_run_nothing(built_copy):
    path = "scripts/vae/figures/samples.py"
    built_copy.edit(path, '"samples of the mixture"', '"samples of another kind"')
    built_copy.edit(path, '"default_text": "100"', '"default_text": "a hundred"')
    built_copy.edit(path, '"images in `samples.png`', '"pictures in `samples.png`')
    assert built_copy.planned() == {}


def test_the_default_of_a_figures_setting_runs_that_figure(built_copy):
    built_copy.edit("scripts/vae/figures/grid_animation.py", '"default": 41', '"default": 31')
    assert built_copy.planned() == {"animate_grid": {"digits/ld_3"}}


def test_a_figure_that_is_drawn_for_more_runs_runs_for_those(built_copy):
    path = "scripts/vae/figures/grid_animation.py"
    built_copy.edit(path, '"latent_dim": [3]', '"latent_dim": [2, 3]')
    assert built_copy.planned() == {"animate_grid": {"digits/ld_2"}}


def test_a_grid_needs_the_codes_of_many_dimensions_alone(unbuilt_copy):
    unbuilt_copy.configure("digits", latent_dim=[MOST_DIMENSIONS, MOST_DIMENSIONS + 1])
    few, many = (f"digits/ld_{MOST_DIMENSIONS + more}" for more in (0, 1))
    plan = unbuilt_copy.planned(f"results/{few}/grid.png", f"results/{many}/grid.png")
    assert plan["plot_grid"] == {few, many}
    assert plan["encode"] == {many}


def test_a_map_is_laid_out_of_more_than_three_dimensions_alone(unbuilt_copy):
    unbuilt_copy.configure("digits", latent_dim=[3, 4])
    plan = unbuilt_copy.planned("--", "digits")
    assert plan["map_codes"] == plan["plot_map"] == {"digits/ld_4"}
    assert not {"export_atlas", "export_projector"} & plan.keys()
    atlases = [f"results/digits/ld_{latent_dim}/atlas.parquet" for latent_dim in (3, 4)]
    plan = unbuilt_copy.planned("--", *atlases)
    assert plan["export_atlas"] == {"digits/ld_3", "digits/ld_4"}
    assert plan["map_codes"] == {"digits/ld_4"}


def test_a_figure_is_a_module_a_script_a_rule_and_a_caption(built_copy):
    files = {
        "scripts/vae/figures/toy.py": TOY_MODULE,
        "scripts/plot_toy.py": '"""Plot a toy."""\n',
        "workflow/report/toy.rst": "A toy.\n",
    }
    for path, text in files.items():
        (built_copy.path / path).write_text(text)
    built_copy.append("workflow/rules/figures.smk", TOY_RULE)
    built_copy.configure("digits", figures={"dots": 3})
    assert built_copy.planned() == {"plot_toy": RUNS}


TOY_MODULE = """
FILES = {"toy.png": "a toy"}
DRAWN_FOR = {}
SETTINGS = {
    "dots": {
        "type": "whole", "bounds": {"ge": 1, "le": 9}, "default": 2, "description": "its dots",
    },
}
"""
TOY_RULE = """

rule plot_toy:
    input:
        run="results/{dataset}/{run}/run.json",
    output:
        in_report("results/{dataset}/{run}/toy.png"),
    params:
        figures=figure_settings("toy"),
        code=fingerprint("plot_toy"),
    script:
        "../../scripts/plot_toy.py"
"""


def test_the_code_that_figures_share_runs_figures(built_copy):
    built_copy.edit("scripts/vae/figures/sheet.py", *NEW_CODE)
    plan = built_copy.planned()
    assert plan["plot_latent"] == RUNS
    assert not {"train", "encode", "prepare"} & set(plan)


@pytest.mark.parametrize(
    ("modules", "plan"),
    [
        ("sample_quality generation samples_run", SAMPLES_EVALUATED),
        ("representation_run", REPRESENTATION),
        ("testset bounds reconstruction run", EVALUATED),
    ],
)
def test_likelihoods_samples_and_codes_are_evaluated_apart(built_copy, modules, plan):
    """All of these modules at once: were one of them to count for more, a rule would run."""
    for module in modules.split():
        built_copy.edit(f"scripts/vae/evaluation/{module}.py", *NEW_CODE)
    assert built_copy.planned() == plan


def test_the_code_of_the_baselines_runs_them_and_what_shows_them(built_copy):
    built_copy.edit("scripts/vae/evaluation/baselines.py", *NEW_CODE)
    assert built_copy.planned() == {"evaluate_baselines": {"digits"}} | AFTER_EVALUATE


def test_the_code_of_the_classifier_runs_no_training(built_copy):
    built_copy.edit("scripts/vae/training/classifier.py", *NEW_CODE)
    assert built_copy.planned() == {"train_classifier": {"digits"}} | SAMPLES_EVALUATED


@pytest.mark.parametrize("module", ["training/fit.py", "training/elbo.py", "models/mlp.py"])
def test_the_code_of_training_runs_training(built_copy, module):
    built_copy.edit(f"scripts/vae/{module}", *NEW_CODE)
    plan = built_copy.planned()
    assert plan["train"] == RUNS
    assert "prepare" not in plan


def test_the_keras_half_of_a_likelihood_runs_training(built_copy):
    built_copy.edit("scripts/vae/likelihoods/bernoulli.py", "ops.softplus", "+ops.softplus")
    plan = built_copy.planned()
    assert plan["train"] == RUNS
    assert "prepare" not in plan


def test_the_numpy_half_of_a_likelihood_evaluates_and_trains_nothing(built_copy):
    built_copy.edit(
        "scripts/vae/likelihoods/bernoulli.py", "np.exp(-np.abs(", "np.exp(np.negative("
    )
    assert built_copy.planned() == EVALUATED


def test_the_default_of_a_networks_setting_that_is_set_runs_nothing(built_copy):
    built_copy.edit("scripts/vae/models/mlp.py", '"default": 512', '"default": 256')
    assert built_copy.planned() == {}


def test_a_metrics_title_and_direction_are_compared_anew_and_not_evaluated(built_copy):
    built_copy.edit("scripts/vae/evaluation/metrics.py", '("peak signal', '("PSNR, peak signal')
    built_copy.edit("scripts/vae/evaluation/sample_metrics.py", '"1", 0)', '"1", 1)')
    built_copy.edit("scripts/vae/evaluation/sample_metrics.py", '("training', '("real')
    assert built_copy.planned() == {"compare": {"digits"}}


@pytest.mark.parametrize(
    ("module", "unit", "plan"),
    [
        ("metrics", ('"dB", 1', '"decibel", 1'), EVALUATED),
        ("metrics", ('test images", 1', 'images", 1'), REPRESENTATION),
        ("sample_metrics", ('"share of classes"', '"share of labels"'), SAMPLES_EVALUATED),
    ],
)
def test_a_metrics_unit_is_evaluated_anew(built_copy, module, unit, plan):
    built_copy.edit(f"scripts/vae/evaluation/{module}.py", *unit)
    assert built_copy.planned() == plan


def test_a_reader_prepares_its_datasets_again(built_copy):
    built_copy.edit("scripts/vae/data/sources/digits.py", *NEW_CODE)
    assert built_copy.planned()["prepare"] == {"digits"}


def test_a_caption_runs_nothing(built_copy):
    built_copy.edit("workflow/report/grid.rst", ".", "!")
    assert built_copy.planned() == {}


def test_comments_and_docstrings_run_nothing(built_copy):
    """In all of these modules at once: were one of them to count, a rule would run."""
    modules = "training/fit models/mlp figures/sheet data/images data/sources/digits"
    for module in modules.split():
        path = f"scripts/vae/{module}.py"
        assert (built_copy.path / path).read_text().startswith('"""')
        built_copy.edit(path, '"""', '"""Better: ')
        built_copy.append(path, "\n# And a comment.\n")
    assert built_copy.planned() == {}


def test_the_code_of_messages_and_checks_runs_nothing(built_copy):
    modules = "plan/config plan/runs services/jobs services/files services/npz services/records"
    for module in f"{modules} services/checkpoints".split():
        built_copy.edit(f"scripts/vae/{module}.py", *NEW_CODE)
    assert built_copy.planned() == {}


def test_the_order_of_keys_comments_and_mirrors_run_nothing(built_copy):
    config = built_copy.config
    config["datasets"]["digits"] = dict(reversed(config["datasets"]["digits"].items()))
    config["datasets"]["digits"]["latent_dim"].reverse()
    config["mirrors"] = ["/another/mirror"]
    built_copy.write_config(dict(reversed(config.items())))
    path = built_copy.path / "config/config.yaml"
    path.write_text("# A comment.\n" + path.read_text())
    assert built_copy.planned() == {}


def test_a_citation_writes_model_cards_again(built_copy):
    built_copy.edit("config/sources.yaml", "E. Alpaydin", "Ethem Alpaydin")
    assert built_copy.planned() == {"write_model_card": RUNS}


def test_a_url_and_another_dataset_run_nothing(built_copy):
    built_copy.edit("config/sources.yaml", "- https://", "- https://elsewhere.")
    digits = built_copy.config["datasets"]["digits"]
    built_copy.configure("twin", **digits | {"epochs": 1})
    assert built_copy.planned("--", "digits") == {}


def test_threads_and_resources_run_nothing(built_copy):
    arguments = ("--cores", "1", "--set-threads", "train=1", "--set-resources", "train:mem_mb=9")
    assert built_copy.planned(*arguments) == {}


def test_a_default_written_out_runs_nothing(built_copy):
    built_copy.configure("digits", optimizer="adam", likelihood="bernoulli", beta=1)
    assert built_copy.planned() == {}
