"""Trainings that are killed: the same command goes on, and gives what it would have given."""

import random
import re
import signal
import time

import numpy as np
import onnx
import pandas as pd
import psutil
import pytest

HISTORY = "results/digits/ld_2/history.csv"
LOG = "results/digits/ld_2/logs/train.log"
COMMAND = ("--cores", "2", "--", HISTORY)


@pytest.fixture
def workspace(unbuilt_copy):
    """A training of some seconds, in many short epochs."""
    content = unbuilt_copy.config
    content["datasets"]["digits"] |= {"latent_dim": 2, "epochs": 80, "batch_size": 32}
    unbuilt_copy.write_config(content)
    return unbuilt_copy


def log_of(workspace):
    log = workspace.path / LOG
    return log.read_text() if log.exists() else ""


def started(workspace):
    """Start the command; return Snakemake and the training at a random moment after an epoch."""
    (workspace.path / LOG).unlink(missing_ok=True)
    snakemake = workspace.start(*COMMAND)
    while not re.search(r"epoch (?!1/)\d+/80", log_of(workspace)):  # so that one is saved
        assert snakemake.poll() is None, snakemake.communicate()
        time.sleep(0.02)
    time.sleep(random.uniform(0, 0.3))
    processes = psutil.Process(snakemake.pid).children(recursive=True)
    (training,) = [p for p in processes if any(a.endswith(".train.py") for a in p.cmdline())]
    return snakemake, training


def resumed_at(workspace):
    return int(re.search(r"resumed at epoch (\d+)", log_of(workspace))[1])


def weights(workspace):
    decoder = onnx.load(workspace.path / "results/digits/ld_2/decoder.onnx")
    return [onnx.numpy_helper.to_array(tensor) for tensor in decoder.graph.initializer]


def test_a_training_killed_three_times_gives_the_same_history(workspace, fresh, tmp_path):
    snakemake, training = started(workspace)
    training.send_signal(signal.SIGKILL)
    snakemake.communicate(timeout=60)
    assert snakemake.returncode == 1

    snakemake, training = started(workspace)
    first = resumed_at(workspace)
    training.send_signal(signal.SIGTERM)
    output = "".join(snakemake.communicate(timeout=60))
    assert snakemake.returncode == 1
    text = r"Stopped by SIGTERM after epoch (\d+)\. The same command goes on after epoch \1\."
    last = int(re.search(text, output)[1])
    assert re.search(text, log_of(workspace))
    assert first <= last < 80

    snakemake, training = started(workspace)
    assert resumed_at(workspace) == last + 1
    snakemake.send_signal(signal.SIGKILL)
    snakemake.communicate(timeout=60)  # which the training ends, too, soon after
    assert "Stopped by the end of Snakemake" in log_of(workspace)
    assert workspace.snakemake("--unlock").returncode == 0
    done = workspace.snakemake(*COMMAND)
    assert done.returncode == 0, done.stderr
    assert resumed_at(workspace) > last + 1
    assert not (workspace.path / "results/digits/.checkpoints").exists()

    uninterrupted = fresh.copy(tmp_path / "uninterrupted")
    uninterrupted.write_config(workspace.config)
    assert uninterrupted.snakemake(*COMMAND).returncode == 0
    for old, new in zip(*(weights(w) for w in (workspace, uninterrupted)), strict=True):
        np.testing.assert_array_equal(old, new)
    histories = [pd.read_csv(w.path / HISTORY) for w in (workspace, uninterrupted)]
    assert list(histories[0].epoch) == list(range(1, 81))
    pd.testing.assert_frame_equal(
        *(history.drop(columns="seconds") for history in histories), check_exact=True
    )
