"""A machine that is in the way changes no number and no pixel."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from tests.helpers.hostile import surround
from tests.helpers.workspace import FIGURES

RUN = Path("results/digits/ld_2")


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_hostile_machine_builds_what_a_clean_one_builds(built, tmp_path):
    workspace = built.copy(tmp_path / "project")
    environment = surround(workspace.path, tmp_path)
    clean, hostile = built.path / RUN, workspace.path / RUN
    shutil.rmtree(hostile)

    def build(*arguments):
        done = workspace.snakemake("--cores", "2", *arguments, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    said = build()
    assert "Jobs do not get these of your environment: KERAS_MAX_EPOCHS, " in said
    assert "TF_ENABLE_ONEDNN_OPTS" in said
    histories = (pd.read_csv(run / "history.csv") for run in (clean, hostile))
    pd.testing.assert_frame_equal(*(history.drop(columns="seconds") for history in histories))
    for name in ("metrics.json", "representation.json", "sample_quality.json"):
        assert json.loads((clean / name).read_text()) == json.loads((hostile / name).read_text())
    log = (hostile / "logs/train.log").read_text().splitlines()
    assert "fewer than 1,000 are rarely enough" in log[-1], "no lines of TensorFlow's own after it"

    # Two figures show seconds: they are drawn once more, from those of the clean machine.
    for name in ("history.csv", "run.json"):
        shutil.copyfile(clean / name, hostile / name)
    comparison = hostile.with_name("comparison.png")
    build("--force", "--", str(RUN / "history.png"), str(comparison.relative_to(workspace.path)))
    np.testing.assert_array_equal(pixels(comparison), pixels(clean.with_name("comparison.png")))
    for figure in FIGURES:
        ours, theirs = (pixels(run / f"{figure}.png") for run in (clean, hostile))
        np.testing.assert_array_equal(ours, theirs, figure)
