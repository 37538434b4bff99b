import logging
import multiprocessing
import os
from contextlib import ExitStack, contextmanager

import pytest

from tests.helpers.processes import started
from vae.services import gpus
from vae.services.gpus import VISIBLE, reserved, unusable


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine with two GPUs, no scheduler and nothing set; a test may change its environment."""
    for name in (VISIBLE, *gpus.SCHEDULERS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(gpus, "listed", lambda: ["GPU-a", "GPU-b"])
    return monkeypatch


@contextmanager
def taken(folder, *devices):
    """As by another training."""
    with ExitStack() as stack:
        for device in devices:
            stack.enter_context(gpus._first_free([device], folder)[1])
        yield


def test_each_training_has_a_gpu_of_its_own(tmp_path):
    with reserved(tmp_path):
        assert os.environ[VISIBLE] == "GPU-a"
    assert VISIBLE not in os.environ
    with taken(tmp_path, "GPU-a"), reserved(tmp_path):
        assert os.environ[VISIBLE] == "GPU-b"


def test_a_gpu_is_free_again_after_a_failure(tmp_path):
    with pytest.raises(ValueError, match="broken"), reserved(tmp_path):
        raise ValueError("broken")
    with reserved(tmp_path):
        assert os.environ[VISIBLE] == "GPU-a"


def _hold(folder, held):
    gpus.listed = lambda: ["GPU-a", "GPU-b"]
    with reserved(folder):
        held.set()
        multiprocessing.Event().wait(60)


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    process = started("fork", _hold, tmp_path)
    with reserved(tmp_path):
        assert os.environ[VISIBLE] == "GPU-b"
    process.kill()
    process.join()
    with reserved(tmp_path):
        assert os.environ[VISIBLE] == "GPU-a"


def test_more_trainings_than_gpus_share_with_a_warning(tmp_path, caplog):
    with taken(tmp_path, "GPU-a", "GPU-b"), reserved(tmp_path):
        assert os.environ[VISIBLE] == "GPU-a"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "all 2 GPUs are taken" in record.getMessage()
    assert "--resources gpu=2" in record.getMessage()


@pytest.mark.parametrize("scheduler", gpus.SCHEDULERS)
def test_what_a_scheduler_gave_stays(tmp_path, machine, scheduler):
    machine.setenv(scheduler, "7")
    with reserved(tmp_path):
        assert VISIBLE not in os.environ
    machine.setenv(VISIBLE, "1")
    with taken(tmp_path, "1"), reserved(tmp_path):
        assert os.environ[VISIBLE] == "1"


def test_the_user_says_which_may_be_chosen(tmp_path, machine):
    machine.setenv(VISIBLE, "3, 5")
    with taken(tmp_path, "3"), reserved(tmp_path):
        assert os.environ[VISIBLE] == "5"
    assert os.environ[VISIBLE] == "3, 5"


@pytest.mark.parametrize("none", ["", "-1"])
def test_no_gpu_where_the_user_wants_none(tmp_path, machine, none):
    machine.setenv(VISIBLE, none)
    with reserved(tmp_path):
        assert os.environ[VISIBLE] == none


def test_a_machine_without_gpus(tmp_path, machine):
    machine.setattr(gpus, "listed", list)
    with reserved(tmp_path):
        assert VISIBLE not in os.environ
    assert not list(tmp_path.iterdir())


def test_where_no_lock_can_be_written_a_gpu_is_shared(tmp_path, caplog):
    (tmp_path / "file").touch()
    with reserved(tmp_path / "file"):
        assert os.environ[VISIBLE] == "GPU-a"
    assert "no lock for GPU GPU-a" in caplog.text


def test_without_nvidia_smi_there_is_none(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus.listed() == []


def test_a_gpu_that_cannot_be_used_is_told_with_a_remedy():
    assert "make gpu" in unusable("0", [], has_cuda=False)
    assert "driver" in unusable(None, ["GPU-a"], has_cuda=True)
    assert "CPU is taken instead" in unusable(None, ["GPU-a"], has_cuda=False)
    for visible in (None, "", "-1"):
        assert not unusable(visible, [], has_cuda=False)
    assert not unusable("-1", ["GPU-a"], has_cuda=True)
