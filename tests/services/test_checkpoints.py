import contextlib
import logging
import multiprocessing
import os
import resource
import signal
import time

import numpy as np
import pytest

from vae.services import checkpoints
from vae.services.checkpoints import Checkpoints, identity
from vae.services.errors import Stopped, UserError


class Variable:
    """What checkpoints know of a Keras variable."""

    def __init__(self, value):
        self.value = np.asarray(value)

    @property
    def shape(self):
        return self.value.shape

    def numpy(self):
        return self.value

    def assign(self, value):
        self.value = value


def variables(value):
    return [
        Variable(np.full((2, 3), value, np.float32)),
        Variable(np.array([1, value], np.uint32)),
        Variable(np.int64(value)),
    ]


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    monkeypatch.setattr(checkpoints, "LONG", 0.0)


@pytest.fixture
def warnings(caplog):
    """The text of all warnings so far."""
    return lambda: "\n".join(r.getMessage() for r in caplog.records if r.levelno > logging.INFO)


def opened(tmp_path, key="key", threads=1):
    return Checkpoints(tmp_path / ".checkpoints" / "ld_2", key, threads)


def train(kept, last):
    """Epochs up to the last, in which the variables become the number of the epoch."""
    for epoch in range(len(kept.rows) + 1, last + 1):
        kept.rows.append({"epoch": epoch, "loss": 0.1 * epoch})
        kept.epoch_done(variables(epoch), last=False)


def interrupted(tmp_path, epochs, **options):
    """Leave behind what a training leaves that is killed after so many epochs."""
    with pytest.raises(ZeroDivisionError), opened(tmp_path, **options) as kept:
        train(kept, epochs)
        raise ZeroDivisionError


def restored(tmp_path, **options):
    """The epochs that a new training finds behind it, and the value of its variables."""
    with pytest.raises(ZeroDivisionError), opened(tmp_path, **options) as kept:
        fresh = variables(0)
        rows = kept.restore(fresh)
        for old, new in zip(variables(len(rows)), fresh, strict=True):
            assert old.value.dtype == new.value.dtype
            np.testing.assert_array_equal(old.value, new.value)
        assert rows == [{"epoch": i, "loss": 0.1 * i} for i in range(1, len(rows) + 1)]
        raise ZeroDivisionError
    return len(rows)


def copies(tmp_path):
    """From the older to the newer, which is not the order of their names or dates."""
    found = (tmp_path / ".checkpoints" / "ld_2" / "key").glob("[ab].npz")
    return sorted(found, key=lambda path: len(checkpoints.read(path)[0]["rows"]))


@pytest.mark.parametrize("epochs", [0, 1, 2, 3])
def test_what_was_saved_is_restored(tmp_path, epochs, warnings):
    interrupted(tmp_path, epochs)
    assert restored(tmp_path) == epochs
    assert not warnings()


def test_a_resumed_training_says_so_and_is_interrupted_again(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    interrupted(tmp_path, 3)
    with pytest.raises(ZeroDivisionError), opened(tmp_path) as kept:
        kept.restore(variables(0))
        train(kept, 4)
        raise ZeroDivisionError
    assert "resumed at epoch 4" in caplog.messages
    assert restored(tmp_path) == 4


def test_success_leaves_nothing(tmp_path):
    interrupted(tmp_path, 2, key="of an earlier config")
    with opened(tmp_path) as kept:
        train(kept, 3)
    assert list(tmp_path.iterdir()) == []


def test_success_leaves_other_runs_alone(tmp_path):
    other = tmp_path / ".checkpoints" / "ld_3" / "key" / "a.npz"
    other.parent.mkdir(parents=True)
    other.write_text("")
    with opened(tmp_path) as kept:
        train(kept, 3)
    assert other.exists()
    assert [p.name for p in other.parents[2].iterdir()] == ["ld_3"]


def test_another_key_starts_afresh_and_the_first_goes_on_later(tmp_path):
    interrupted(tmp_path, 3)
    assert restored(tmp_path, key="other") == 0
    assert restored(tmp_path) == 3


@pytest.mark.parametrize("damage", ["truncated", "empty", "other text", "a bit", "pickled"])
def test_a_damaged_copy_is_set_aside_and_the_older_one_taken(tmp_path, damage, warnings):
    interrupted(tmp_path, 3)
    newest = copies(tmp_path)[-1]
    content = bytearray(newest.read_bytes())
    if damage == "pickled":
        np.savez(newest, state=np.array({"rows": [{}] * 9, "threads": 1}, dtype=object))
    else:
        content[content.index(b"\x93NUMPY") + 140] ^= 1  # past a header: in an array
        parts = {
            "truncated": content[: len(content) // 2],
            "empty": b"",
            "other text": b"hello",
            "a bit": content,
        }
        newest.write_bytes(parts[damage])
    assert restored(tmp_path) == 2
    assert f"{newest} is damaged" in warnings()
    assert newest.with_name(f"damaged.{newest.name}").exists()
    interrupted(tmp_path, 4)  # the place of the damaged one is written to again
    assert len(copies(tmp_path)) == 2


def test_two_damaged_copies_start_the_training_afresh(tmp_path, warnings):
    interrupted(tmp_path, 3)
    for path in copies(tmp_path):
        path.write_bytes(path.read_bytes()[:-30])
    assert restored(tmp_path) == 0
    assert warnings().count("is damaged") == 2


def test_what_a_crash_while_writing_leaves_does_no_harm(tmp_path, warnings):
    interrupted(tmp_path, 3)
    for path in copies(tmp_path):
        path.with_name(f".part.{path.name}").write_bytes(b"half")
    assert restored(tmp_path) == 3
    assert not warnings()


def test_networks_of_other_shapes_start_afresh(tmp_path, warnings):
    interrupted(tmp_path, 3)
    with opened(tmp_path) as kept:
        assert kept.restore(variables(0)[:2]) == []
    assert "starts afresh" in warnings()


@contextlib.contextmanager
def no_space():
    """Files cannot grow. Of this whole process: pytest's own output, too, where it is a file."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_training_goes_on_where_the_disk_is_full(tmp_path, warnings):
    interrupted(tmp_path, 2)
    with (
        pytest.raises(Stopped, match="goes on after epoch 2"),
        opened(tmp_path) as kept,
        no_space(),
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


def test_short_epochs_are_saved_seldom(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "LONG", 1000.0)
    monkeypatch.setattr(checkpoints, "SHARE", 1e-9)
    interrupted(tmp_path, 5)
    assert restored(tmp_path) == 1  # of what the first one cost, more is not yet worth it
    with pytest.raises(ZeroDivisionError), opened(tmp_path) as kept:
        kept.restore(variables(0))
        kept.rows.append({"epoch": 2, "loss": 0.2})
        kept.epoch_done(variables(2), last=True)
        raise ZeroDivisionError
    assert restored(tmp_path) == 2


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


def test_the_number_of_threads_is_kept(tmp_path, monkeypatch, warnings):
    interrupted(tmp_path, 1, threads=1)
    with opened(tmp_path, threads=9) as kept:
        assert kept.threads == 1
    assert not warnings()
    interrupted(tmp_path, 1, threads=9)
    monkeypatch.setattr(checkpoints, "available_cores", lambda: 4)
    with opened(tmp_path, threads=2) as kept:
        assert kept.threads == 2
    assert "began with 9 threads and goes on with 2" in warnings()


def test_another_precision_is_told(tmp_path, warnings):
    for computing in ("float32", "float32", "bfloat16"):
        with pytest.raises(ZeroDivisionError), opened(tmp_path) as kept:
            kept.restore(variables(0), computing)
            train(kept, len(kept.rows) + 1)
            raise ZeroDivisionError
    assert warnings().count("began with") == 1
    assert "began with float32 and goes on with bfloat16" in warnings()


def _train_until_told(tmp_path, begun):
    checkpoints.LONG = 0.0
    with opened(tmp_path) as kept:
        train(kept, 3)
        begun.set()
        time.sleep(60)


def test_a_process_left_behind_is_told_to_stop(tmp_path):
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    orphan = context.Process(target=_train_until_told, args=(tmp_path, begun))
    orphan.start()
    assert begun.wait(60)
    assert restored(tmp_path) == 3
    orphan.join(10)
    assert orphan.exitcode not in (0, None)


def test_a_process_that_does_not_stop_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "PATIENCE", 0.0)
    with opened(tmp_path), pytest.raises(UserError, match=f"Process {os.getpid()} on"):
        opened(tmp_path).__enter__()


def test_an_identity_follows_from_values_code_and_images(tmp_path):
    path = tmp_path / "images.npz"

    def of(run=None, code="c", pixels=(1, 2, 3)):
        np.savez(path, pixels=np.array(pixels, np.uint8))
        return identity(run or {"a": 1, "b": 2}, code, path)

    first = of()
    assert of({"b": 2, "a": 1}) == first
    others = [of({"a": 2, "b": 1}), of(code="d"), of(pixels=(1, 2, 4)), of(pixels=(1, 2))]
    assert len({first, *others}) == 5
    path.write_text("damaged")
    assert identity({}, "c", path)


def test_rows_are_told_after_each_epoch(tmp_path):
    told = []
    kept = Checkpoints(
        tmp_path / "ld_2", "key", 1, on_epoch=lambda rows: told.append(rows[-1]["epoch"])
    )
    with kept:
        for epoch in (1, 2):
            kept.rows.append({"epoch": epoch})
            kept.epoch_done(variables(epoch), last=epoch == 2)
    assert told == [1, 2]
