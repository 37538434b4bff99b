"""From the files of a run to sample_quality.json."""

import json

import pytest

from tests.latent.test_second_stage import network
from vae.data import images
from vae.data.images import Images, Split
from vae.evaluation.sample_metrics import METRICS, ORIGINS, by_full_name
from vae.evaluation.samples_run import evaluate

NAMES = ("images", "encoder", "decoder", "mixture", "classifier", "run")


def evaluated(files, velocity=None, **settings):
    """sample_quality.json of a run with other settings in its record.

    velocity: path of the network of its second stage.
    """
    record = json.loads(files["path_to_run"].read_text())
    record["settings"] |= settings
    files["path_to_run"].write_text(json.dumps(record))
    paths = {f"path_to_{name}": files[f"path_to_{name}"] for name in NAMES}
    path = files["path_to_run"].with_name("sample_quality.json")
    stage = {"guidance": 1.5, "steps": 2} if velocity else {}
    paths |= {"path_to_second_stage": velocity, "path_to_quality": path}
    evaluate(**paths, evaluation={"generated": 7}, second_stage=stage, threads=1)
    return json.loads(path.read_text())


def test_every_origin_has_every_metric_with_its_unit(run, caplog):
    caplog.set_level("INFO", logger="vae")  # what a job writes to its log
    files = run("gaussian", 2)
    result = evaluated(files)
    assert "prior: frechet_distance " in caplog.text
    assert (result["dataset"], result["run"]) == ("tiny", "ld_2")
    assert result["evaluation"] == {"generated": 7}
    assert result["notes"] == []
    # Those that need neither detail nor a second stage.
    assert set(ORIGINS) - set(result["origins"]) == {"tempered", "second_stage"}
    for metrics in result["origins"].values():
        assert list(metrics) == list(METRICS)
        for name, metric in metrics.items():
            assert (metric["unit"], metric["images"]) == (METRICS[name][1], 7)
            assert ("standard_error" in metric) == (name == "kernel_distance")
    assert evaluated(files) == result
    recall = result["origins"]["mixture"]["recall"]
    assert by_full_name(result)["classifier_recall_mixture"] == recall


def test_a_second_stage_is_an_origin_whose_draws_are_recorded(run, tmp_path):
    network(tmp_path / "second_stage.onnx")
    result = evaluated(run("gaussian", 2), velocity=tmp_path / "second_stage.onnx")
    assert list(result["origins"]) == [origin for origin in ORIGINS if origin != "tempered"]
    assert result["evaluation"]["second_stage"] == {"guidance": 1.5, "steps": 2}
    assert "no density" in result["notes"][0]


def test_the_encoder_of_a_run_on_binary_images_sees_binary_ones_and_all_else_is_gray(run):
    files = run("bernoulli", 2)
    gray, binary = (evaluated(files, binarize=kind)["origins"] for kind in ("none", "dynamic"))
    assert [origin for origin in gray if gray[origin] != binary[origin]] == ["reconstructions"]


@pytest.mark.parametrize("names", [(), ("all",)])
def test_without_labels_there_are_no_metrics_and_a_note_says_why(run, names):
    files = run("bernoulli", 2)
    data = images.load(files["path_to_images"])
    images.save(Images(data.train, data.test, names), files["path_to_images"])
    (empty := files["path_to_classifier"].with_name("empty.onnx")).touch()
    for classifier in (None, empty, files["path_to_classifier"]):
        result = evaluated(files | {"path_to_classifier": classifier})
        assert result["origins"] == {}
        assert "need labels" in result["notes"][0]


def test_too_few_images_to_compare_are_reported(run):
    files = run("bernoulli", 2)
    data = images.load(files["path_to_images"])
    few = Split(data.train.pixels[:5], data.train.labels[:5])
    images.save(Images(few, data.test, ("a", "b")), files["path_to_images"])
    assert "here are 5" in evaluated(files)["notes"][0]
