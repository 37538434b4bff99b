"""What changed in a folder since its images were prepared."""

import json
import os

import pytest

from tests.helpers.config import look_again
from vae.plan import folders
from vae.plan.layouts import layout


@pytest.fixture
def pictures(tmp_path):
    """A folder of three files that was written down."""
    for name in ("a.png", "b/c.png", "b/é.png"):
        (tmp_path / "pictures/b").mkdir(parents=True, exist_ok=True)
        (tmp_path / "pictures" / name).write_bytes(name.encode())
    remember(tmp_path)
    return tmp_path


def remember(root):
    folders.remember([str(root / "pictures")], root / "logs/files.json")


def changes(root):
    look_again()
    return folders.changes([str(root / "pictures")], root / "logs/files.json")


def test_nothing_changed(pictures):
    assert changes(pictures) == ""
    (pictures / "pictures/notes.txt").touch()
    assert changes(pictures) == ""


def test_other_times_alone_may_be_a_copy(pictures):
    os.utime(pictures / "pictures/a.png", (1, 1))
    said = changes(pictures)
    assert "0 new files, 0 gone, 0 of another size, 1 of another time and the same size" in said
    assert '"snakemake --touch" keeps what was built' in said
    remember(pictures)
    assert changes(pictures) == ""


def test_other_changes_are_counted(pictures):
    (pictures / "pictures/new.png").touch()
    (pictures / "pictures/a.png").write_bytes(b"other")
    (pictures / "pictures/b/c.png").unlink()
    assert changes(pictures).startswith("since the images were prepared: 1 new file, 1 gone, ")
    (pictures / "pictures/a.png").write_bytes(b"longer than before")
    assert "1 of another size" in changes(pictures)
    assert "--touch" not in changes(pictures)


@pytest.mark.parametrize("record", ["", "x\n", "x\n{}", "x\n[1]", json.dumps([["a", 1]])])
def test_a_record_that_is_damaged_says_nothing(pictures, record):
    (pictures / "logs/files.json").write_text(record)
    changes(pictures)


def test_a_folder_is_looked_at_once(pictures):
    look_again()
    before = folders.look(str(pictures / "pictures"))
    assert before.folders == {"": 1, "b": 2}
    (pictures / "pictures/new.png").touch()
    assert folders.look(str(pictures / "pictures")) is before


def test_what_was_decided_is_said():
    found = layout(["x/train/a/1.png", "x/Valid/b/2.png", "x/ground_truth/c.png"])
    assert folders.described(found) == (
        "x/ is the only folder, so its content counts; Valid is to test with; train is to train "
        "on; the folders are classes, 2 in all"
    )
    assert folders.described(layout(["train/1.png", "val/2.png", "test/3.png"])) == (
        "test is to test with; train is to train on; val is for validation; there are no classes"
    )
    assert "1 files beside the class folders are left out" in folders.described(
        layout(["a/1", "b/2", "3"])
    )
    found = layout(["a/1", "2", "3"])
    assert "2 files beside the class folders are more than in these, and have" in folders.described(
        found
    )
