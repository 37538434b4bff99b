"""Targets of datasets and runs, and what is said about those that are not configured."""

from tests.helpers.config import VALID, with_dataset
from vae.plan import targets
from vae.plan.runs import resolve


def test_a_walk_through_the_third_dimension_is_a_target_of_three_dimensions_alone():
    for changes, walks in (({}, ["ld_3"]), ({"conditional": True}, [])):
        files = targets.dataset_targets(resolve(with_dataset(**changes)), "mnist")
        assert [file.split("/")[2] for file in files if file.endswith("grid.gif")] == walks
        assert files[-1] == "results/mnist/comparison.png"


def test_targets_of_a_run_are_its_figures_sorted_its_metrics_and_its_card():
    files = [file.split("/")[-1] for file in targets.dataset_targets(resolve(VALID), "mnist")]
    figures = (
        "architecture grid history latent neighbours outliers reconstructions samples "
        "samples_gmm traversals"
    ).split()
    every = [f"{figure}.png" for figure in figures]
    ends = ["metrics.json", "representation.json", "sample_quality.json", "model_card.md"]
    ends.append("scorer.onnx")
    assert files == [*every, *ends, *every[:1], "grid.gif", *every[1:], *ends, "comparison.png"]


def test_a_run_on_request_is_no_target():
    settings = resolve(with_dataset(variants=[{"epochs": 9, "on_request": True}]))
    assert "ld_2_e_9" in settings.runs["mnist"]
    assert targets.dataset_targets(settings, "mnist") == targets.dataset_targets(
        resolve(VALID), "mnist"
    )


def test_a_conditional_run_has_no_scorer_and_it_is_said_why():
    files = targets.dataset_targets(resolve(with_dataset(conditional=True)), "mnist")
    assert not any(file.endswith("scorer.onnx") for file in files)
    text = targets.no_scorer("mnist", "ld_2_c_1")
    assert text.endswith("are in results/mnist/ld_2_c_1/scores.parquet.")


def test_raw_files_that_no_source_has_are_explained():
    content = with_dataset()
    content["sources"]["mnist"]["files"] = {"a.gz": {"sha256": "0" * 64}}
    settings = resolve(content)
    assert "has: a.gz." in targets.unknown_raw_file(settings, "mnist", "b.gz")
    assert "did you mean mnist?" in targets.unknown_raw_file(settings, "minst", "a.gz")
    assert "no files to download" in targets.unknown_raw_file(settings, "digits", "a.gz")


def test_unconfigured_targets_are_explained():
    settings = resolve(VALID)
    text = targets.unknown_target(settings, "mnist", "ld_7")
    assert "No run called 'ld_7' is configured for the dataset mnist" in text
    assert "Configured are: ld_2, ld_3." in text
    assert "latent_dim: 7" in text
    text = targets.unknown_target(settings, "mnst")
    assert "did you mean mnist?" in text


def test_a_second_stage_adds_its_samples_to_its_run_alone():
    settings = resolve(with_dataset(second_stage={"runs": ["ld_3"]}))
    for name, run in settings.runs["mnist"].items():
        files = targets.run_targets("mnist", run)
        assert (f"results/mnist/{name}/samples_second_stage.png" in files) == (name == "ld_3")
    assert "second_stage: {runs: [ld_2]}" in targets.no_second_stage("mnist", "ld_2")


def test_a_threshold_adds_what_it_finds_to_runs_that_have_a_scorer():
    variants = [{"latent_dim": 2, "conditional": True}]
    settings = resolve(with_dataset(anomaly={}, variants=variants))
    more = {"anomalies.json", "roc.png"}
    for name, run in settings.runs["mnist"].items():
        files = {file.split("/")[-1] for file in targets.run_targets("mnist", run)}
        assert (more & files) == (set() if name == "ld_2_c_1" else more)
    assert "datasets.mnist.anomaly: {contamination" in targets.no_anomalies("mnist", "ld_2")
