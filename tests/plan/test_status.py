import json
import subprocess
import sys
import time

import pytest

from tests.helpers import ROOT
from vae.plan import runs, status, targets
from vae.services.heartbeats import Heartbeat
from vae.services.jobs import AGAIN

CONFIG = {
    "datasets": {"digits": {"source": "digits", "latent_dim": [2, 3], "epochs": 7}},
    "sources": {"digits": {"format": "digits", "licence": "free", "citation": "none"}},
}


@pytest.fixture
def settings():
    return runs.resolve(CONFIG)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    for run in ("ld_2", "ld_3"):
        (folder / "digits" / run / "logs").mkdir(parents=True)
    (folder / "digits/images.npz").touch()
    return folder


def train(settings, results, run="ld_2", **changes):
    values = settings.runs["digits"][run].values | changes
    record = {"settings": values, "final": {"loss": 12.345}}
    (results / "digits" / run / "run.json").write_text(json.dumps(record))


def finish(settings, results, run="ld_2"):
    train(settings, results, run)
    for target in targets.run_targets("digits", settings.runs["digits"][run]):
        results.parent.joinpath(target).touch()


def state(settings, results, run="ld_2"):
    (row,) = (row for row in status.rows(settings, results) if row.run == run)
    return row.state, row.about


def test_nothing_there_is_waiting(settings, tmp_path):
    assert {row.state for row in status.rows(settings, tmp_path / "none")} == {"waiting"}
    assert status.orphans(settings, tmp_path / "none") == []


def test_a_run_on_request_waits_for_nothing_and_is_done_like_others(tmp_path, results):
    variant = {"latent_dim": 2, "epochs": 9, "name": "ld_2_long", "on_request": True}
    digits = CONFIG["datasets"]["digits"] | {"variants": [variant]}
    settings = runs.resolve(CONFIG | {"datasets": {"digits": digits}})
    assert state(settings, results, "ld_2_long") == ("on request", "")
    (results / "digits/ld_2_long").mkdir()
    finish(settings, results, "ld_2_long")
    assert state(settings, results, "ld_2_long")[0] == "done"


def test_a_run_is_done_when_all_of_its_files_are_there(settings, results):
    finish(settings, results)
    assert state(settings, results) == ("done", "loss 12.35")
    assert state(settings, results, "ld_3") == ("waiting", "")
    (results / "digits/ld_2/grid.png").unlink()
    files = len(targets.run_targets("digits", settings.runs["digits"]["ld_2"]))
    assert state(settings, results) == ("trained", f"1 of {files} files still missing")


def test_a_training_says_how_far_it_is(settings, results, monkeypatch):
    monkeypatch.setattr("vae.services.heartbeats.SELDOM", -1.0)
    with Heartbeat(results / "digits/ld_2/logs/heartbeat.json", 7) as heartbeat:
        heartbeat.images = 1000
        heartbeat.state.job = "42"
        heartbeat.epoch_done([{"epoch": 3, "loss": 20.0, "seconds": 0.5}])
        kind, about = state(settings, results)
        assert kind == "training"
        for text in ("epoch 3/7", "loss 20.00", "2,000 images/s", "0:02 left", ", job 42"):
            assert text in about
        later = time.time() + 3700
        monkeypatch.setattr(time, "time", lambda: later)
        assert "silent for 1:01:40" in state(settings, results)[1]


def test_failures_name_their_log(settings, results):
    path = results / "digits/ld_2/logs/heartbeat.json"
    with pytest.raises(ValueError, match="diverged"), Heartbeat(path, 7):
        raise ValueError("Training diverged in epoch 1")
    kind, about = state(settings, results)
    assert kind == "failed"
    assert "diverged" in about
    assert about.endswith("digits/ld_2/logs/train.log")

    finish(settings, results, "ld_3")
    (results / "digits/ld_3/grid.png").unlink()
    log = results / "digits/ld_3/logs/plot_grid.log"
    log.write_text("some lines\nTraceback (most recent call last):\n  ...\n")
    assert state(settings, results, "ld_3") == ("failed", str(log))
    log.write_text(f"{log.read_text()}{AGAIN}it works now\n")
    assert state(settings, results, "ld_3")[0] == "trained"


def test_a_preparation_that_failed_is_told_of_every_run(settings, results):
    (results / "digits/images.npz").unlink()
    assert state(settings, results) == ("waiting", "for its images")
    log = results / "digits/logs/prepare.log"
    log.parent.mkdir()
    log.write_text("Traceback (most recent call last):\n")
    assert state(settings, results) == ("failed", str(log))


def test_a_killed_training_goes_on(settings, results):
    heartbeat = Heartbeat(results / "digits/ld_2/logs/heartbeat.json", 7)
    process = subprocess.Popen(["true"])
    process.wait()
    heartbeat.state.pid, heartbeat.state.epoch = process.pid, 4
    heartbeat.__enter__()
    kind, about = state(settings, results)
    assert kind == "interrupted"
    assert about.startswith("epoch 4/7 on ")


def test_other_settings_are_told(settings, results):
    train(settings, results, epochs=6)
    assert state(settings, results)[0] == "outdated"


def test_what_no_run_owns_is_found_with_its_size(results):
    digits = CONFIG["datasets"]["digits"] | {"second_stage": {"runs": ["ld_2"]}}
    settings = runs.resolve(CONFIG | {"datasets": {"digits": digits}})
    checkpoints = [f"digits/.checkpoints/{name}.second_stage" for name in ("ld_2", "ld_3")]
    lost = ["digits/ld_9", "digits/.checkpoints/ld_8", "old/ld_2", checkpoints[1]]
    for folder in (*lost, checkpoints[0], "raw/mnist", "mine"):
        (results / folder).mkdir(parents=True)
        (results / folder / "file").write_bytes(bytes(1000))
    found = {str(o.path.relative_to(results)): o.size for o in status.orphans(settings, results)}
    assert found == dict.fromkeys(["old", *lost[:2], lost[3]], 1000)


def test_the_command_is_light_and_lays_configs_over_each_other(tmp_path):
    for part in ("scripts", "config"):
        (tmp_path / part).symlink_to(ROOT / part)
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("datasets: {digits: {latent_dim: 77}, mnist: null}\n")
    (tmp_path / "results/mnist/ld_2").mkdir(parents=True)
    command = [sys.executable, "-X", "importtime", "-m", "scripts.status"]
    done = subprocess.run(
        [*command, "--configfile", str(overlay), "--", "digits"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("digits  ld_77  waiting")
    assert "rm -r results/mnist  # 0.0 MB" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pydantic" in imported
    assert not imported & {"numpy", "pandas", "matplotlib", "tensorflow", "keras", "snakemake"}
