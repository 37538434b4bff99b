"""Memory does not grow with the images: a small version of `python -m benchmarks memory`."""

import shutil
import sys

import psutil
import pytest

from benchmarks import memory

IMAGES, SIZE = 2400, 128
PIXELS_MB = IMAGES * SIZE**2 * 3 / 1e6
# What each rule takes, in MB, measured on 2 cores; hardly less of a few images.
PEAKS_MB = {
    "prepare": 120,
    "train": 480,
    "encode": 60,
    "fit_mixture": 120,
    "map_codes": 200,
    "train_second_stage": 480,
    "train_classifier": 780,
    "evaluate": 220,
    "export_scorer": 350,
    "evaluate_samples": 120,
    "evaluate_baselines": 400,
    "evaluate_representation": 250,
    "explore": 120,
}
DATASET = {
    "source": {"folder": "pictures"},
    "size": SIZE,
    "test_share": 0.2,
    "model": "resnet",
    "filters": 4,
    "intermediate_dim": 8,
    "latent_dim": 4,  # in fewer, the NLL takes thousands of points more
    "epochs": 1,
    "batch_size": 32,
    "second_stage": {"epochs": 1, "filters": 8, "blocks": 1, "runs": ["ld_4"]},
    "evaluation": {"draws": 2, "samples": 2, "images": 20, "generated": 100},
}
RUN = "results/pictures/ld_4"
FILES = (
    *("metrics.json", "representation.json", "sample_quality.json", "scorer.onnx"),
    "explorer.html",
)


@pytest.mark.skipif(not psutil.LINUX, reason="no /proc here")
def test_no_rule_has_all_images_in_memory(unbuilt_copy, runtime):
    memory.write_pictures(unbuilt_copy.path / "pictures", IMAGES)
    (unbuilt_copy.path / "results/raw").mkdir(parents=True)
    shutil.copy(runtime, unbuilt_copy.path / "results/raw")
    unbuilt_copy.write_config({"datasets": {"pictures": DATASET}})
    targets = [f"{RUN}/{file}" for file in FILES]
    targets.append("results/pictures/baselines.json")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all", "--", *targets]
    peaks = memory.peaks(command, unbuilt_copy.path)
    assert set(peaks) - {"download_runtime"} == set(PEAKS_MB)
    # A rule that reads the training images, as bytes, takes 0.8 of all more.
    limits = {rule: peak + 0.4 * PIXELS_MB for rule, peak in PEAKS_MB.items()}
    over = {rule: peaks[rule] / 1e6 for rule in limits if peaks[rule] / 1e6 > limits[rule]}
    assert not over, f"limits: {limits}"
