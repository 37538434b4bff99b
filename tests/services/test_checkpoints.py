"""What is saved, and what a training that was interrupted finds again."""

import logging

import numpy as np
import pytest

from tests.helpers import Crash
from tests.helpers.checkpoints import interrupted, opened, restored, train, variables
from vae.services import checkpoints
from vae.services.checkpoints import Checkpoints, identity

pytestmark = pytest.mark.usefixtures("every_epoch")


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
    with pytest.raises(Crash), opened(tmp_path) as kept:
        kept.restore(variables(0))
        train(kept, 4)
        raise Crash
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


def test_short_epochs_are_saved_seldom(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "LONG", 1000.0)
    monkeypatch.setattr(checkpoints, "SHARE", 1e-9)
    interrupted(tmp_path, 5)
    assert restored(tmp_path) == 1  # of what the first one cost, more is not yet worth it
    with pytest.raises(Crash), opened(tmp_path) as kept:
        kept.restore(variables(0))
        kept.rows.append({"epoch": 2, "loss": 0.2})
        kept.epoch_done(variables(2), last=True)
        raise Crash
    assert restored(tmp_path) == 2


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
        with pytest.raises(Crash), opened(tmp_path) as kept:
            kept.restore(variables(0), computing)
            train(kept, len(kept.rows) + 1)
            raise Crash
    assert warnings().count("began with") == 1
    assert "began with float32 and goes on with bfloat16" in warnings()


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
