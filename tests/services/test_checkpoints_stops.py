"""Full disks, signals and other processes: what stops a training, and what does not."""

import os
import signal
import time

import pytest

from tests.helpers.checkpoints import interrupted, opened, restored, train, variables
from tests.helpers.faults import largest_file
from tests.helpers.processes import started
from vae.services import checkpoints
from vae.services.errors import Stopped, UserError

pytestmark = pytest.mark.usefixtures("every_epoch")


def test_training_goes_on_where_the_disk_is_full(tmp_path, warnings):
    interrupted(tmp_path, 2)
    with (
        pytest.raises(Stopped, match="goes on after epoch 2"),
        opened(tmp_path) as kept,
        largest_file(600),
    ):
        train(kept, 5)
        signal.raise_signal(signal.SIGTERM)
        kept.epoch_done(variables(5), last=False)
    assert warnings().count("File too large") == 4
    assert restored(tmp_path) == 2


def test_training_goes_on_where_nothing_can_be_written_at_all(tmp_path, warnings):
    (tmp_path / ".checkpoints").write_text("a file in the way")
    with opened(tmp_path) as kept:
        train(kept, 2)
    assert warnings().count("no checkpoint after epoch") == 2


@pytest.mark.parametrize("number", checkpoints.SIGNALS)
def test_a_signal_waits_for_the_epoch_where_something_is_unsaved(tmp_path, monkeypatch, number):
    monkeypatch.setattr(checkpoints, "LONG", 1000.0)
    monkeypatch.setattr(checkpoints, "SHARE", 1e-9)
    default = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}[number]
    signal.signal(number, default)  # a shell starts what is in its background without SIGINT
    text = rf"Stopped by {number.name} after epoch 4\. The same command goes on after epoch 4\."
    with pytest.raises(Stopped, match=text), opened(tmp_path) as kept:
        train(kept, 3)
        signal.raise_signal(number)
        train(kept, 4)
        raise AssertionError
    assert restored(tmp_path) == 4
    assert signal.getsignal(number) == default


def test_a_second_signal_and_one_with_all_saved_do_not_wait(tmp_path, monkeypatch):
    with (
        pytest.raises(Stopped, match=r"before the end of epoch 1\. The same command starts afresh"),
        opened(tmp_path),
    ):
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped, match="goes on after epoch 2"), opened(tmp_path) as kept:
        train(kept, 2)
        signal.raise_signal(signal.SIGTERM)
    monkeypatch.setattr(checkpoints, "LONG", 1000.0)
    monkeypatch.setattr(checkpoints, "SHARE", 1e-9)
    text = r"after epoch 5\. The same command goes on after epoch 3\."
    with pytest.raises(Stopped, match=text), opened(tmp_path) as kept:
        train(kept, 5)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with opened(tmp_path) as kept:
            signal.raise_signal(signal.SIGINT)
            train(kept, 2)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_training_ends_with_the_process_that_started_it(tmp_path, monkeypatch):
    with pytest.raises(Stopped, match="Stopped by the end of Snakemake after epoch 3"):  # noqa: SIM117
        with opened(tmp_path) as kept:
            train(kept, 2)
            monkeypatch.setattr(os, "getppid", lambda: 1)
            train(kept, 4)
    assert restored(tmp_path) == 3


def _train_until_told(tmp_path, begun):
    checkpoints.LONG = 0.0
    with opened(tmp_path) as kept:
        train(kept, 3)
        begun.set()
        time.sleep(60)


def test_a_process_left_behind_is_told_to_stop(tmp_path):
    orphan = started("spawn", _train_until_told, tmp_path)
    assert restored(tmp_path) == 3
    orphan.join(10)
    assert orphan.exitcode not in (0, None)


def test_a_process_that_does_not_stop_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "PATIENCE", 0.0)
    with opened(tmp_path), pytest.raises(UserError, match=f"Process {os.getpid()} on"):
        opened(tmp_path).__enter__()
