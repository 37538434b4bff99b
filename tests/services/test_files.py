import os

import pytest

from vae.services.files import atomic


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new folder" / "a.npz"
    with atomic(path) as part:
        part.write_text("whole")
        assert part.suffix == ".npz"
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(OSError, match="full"), atomic(path) as part:
        part.write_text("half")
        raise OSError("disk full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_said_of_the_file(tmp_path):
    path = tmp_path / "a.txt"
    (tmp_path / ".part.a.txt").symlink_to("/dev/full")
    with (
        pytest.raises(OSError, match=r"No space left on device: '.*/a\.txt'"),
        atomic(path) as part,
    ):
        part.write_text("whole")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_overwritten(tmp_path):
    path = tmp_path / "a.txt"
    (tmp_path / ".part.a.txt").write_text("left behind")
    with atomic(path) as part:
        part.write_text("whole")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]
