import json
import os
import subprocess

import pytest

from vae.services import heartbeats
from vae.services.errors import Stopped
from vae.services.heartbeats import Heartbeat, read

ROWS = [{"epoch": 1.0, "loss": 30.0, "seconds": 2.0}, {"epoch": 2.0, "loss": 20.0, "seconds": 4.0}]


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeats, "SELDOM", -1.0)
    return tmp_path / "logs" / "heartbeat.json"


def test_it_says_where_a_training_is_and_goes_with_it(path):
    with Heartbeat(path, epochs=10) as heartbeat:
        assert read(path).epoch == 0
        heartbeat.images = 300
        heartbeat.epoch_done(ROWS)
        state = read(path)
        assert (state.epoch, state.epochs, state.loss) == (2, 10, 20.0)
        assert (state.images_per_second, state.left) == (100.0, 24.0)
        assert state.pid == os.getpid()
        assert state.alive
    assert not path.exists()


def test_it_is_written_seldom(path, monkeypatch):
    monkeypatch.setattr(heartbeats, "SELDOM", 60.0)
    with Heartbeat(path, epochs=10) as heartbeat:
        heartbeat.epoch_done(ROWS)
        assert read(path).epoch == 0


def test_a_failure_and_a_stop_stay_told(path):
    with pytest.raises(ValueError, match="no such"), Heartbeat(path, 10) as heartbeat:
        heartbeat.epoch_done(ROWS)
        raise ValueError("no such thing\nand more")
    assert read(path).error == "no such thing"
    assert read(path).epoch == 2
    assert not read(path).alive
    with pytest.raises(Stopped), Heartbeat(path, 10):
        raise Stopped("Stopped by SIGTERM")
    assert read(path).stopped
    assert not read(path).error
    assert not read(path).alive


def test_a_process_that_was_killed_is_not_alive_and_one_elsewhere_may_be(path):
    with Heartbeat(path, 10):
        content = json.loads(path.read_text())
        process = subprocess.Popen(["true"])
        process.wait()
        path.write_text(json.dumps(content | {"pid": process.pid}))
        assert not read(path).alive
        path.write_text(json.dumps(content | {"pid": process.pid, "host": "elsewhere"}))
        assert read(path).alive


@pytest.mark.parametrize("text", ["", "{", "[]", '{"epochs": 1, "other": 2}', "{}"])
def test_a_file_that_makes_no_sense_is_none(path, text):
    path.parent.mkdir()
    path.write_text(text)
    assert read(path) is None
    path.unlink()
    assert read(path) is None


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "logs").touch()
    with Heartbeat(tmp_path / "logs" / "heartbeat.json", 10) as heartbeat:
        heartbeat.epoch_done(ROWS)
