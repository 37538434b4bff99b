import os
import time

import pytest

from vae.plan.preflight import check_braces, check_places, check_writable, clear_future_times


@pytest.fixture
def results(tmp_path):
    (tmp_path / "results/digits/ld_2").mkdir(parents=True)
    (tmp_path / "results/notes.txt").write_text("foreign")
    return tmp_path / "results"


def test_folders_links_to_folders_and_what_is_not_there_pass(results, tmp_path):
    (results / "digits/ld_3").symlink_to(tmp_path, target_is_directory=True)
    check_places([str(results), str(results / "digits/ld_3"), str(tmp_path / "none")])
    check_writable(["digits", "mnist"], str(results))
    check_writable(["digits"], str(tmp_path / "none"))


def test_what_is_in_the_place_of_a_folder_is_told(tmp_path):
    path = tmp_path / "results"
    path.write_text("a file")
    with pytest.raises(SystemExit, match=f"{path} is a file, and results need a folder"):
        check_places([str(path)])
    path.unlink()
    path.symlink_to(tmp_path / "not mounted")
    with pytest.raises(SystemExit, match=f"{path} is a link to .*not mounted, which is not there"):
        check_places([str(path)])


def test_a_folder_that_cannot_be_written_to_is_told(results, monkeypatch):
    locked = [str(results / "digits/ld_2")]
    monkeypatch.setattr(os, "access", lambda path, mode: path not in locked)  # root may do anything
    check_writable(["mnist"], str(results))  # which needs nothing in there
    with pytest.raises(SystemExit, match=f"{locked[0]} cannot be written to"):
        check_writable(["mnist", "digits"], str(results))
    locked[0] = str(results)
    with pytest.raises(SystemExit, match="results cannot be written to"):
        check_writable(["mnist"], str(results))


def test_braces_in_the_path_of_the_project_are_told():
    check_braces("/home/me/my project (1)")
    with pytest.raises(SystemExit, match=r"/home/\{me\}/project has a brace in its path"):
        check_braces("/home/{me}/project")


def test_files_from_the_future_become_files_of_now(results):
    past, future = results / "past", results / "digits/future"
    for path in (past, future):
        path.write_text("")
    os.utime(past, (1e9, 1e9))
    os.utime(future, (4e9, 4e9))
    clear_future_times(str(results))
    assert past.stat().st_mtime == 1e9
    assert abs(future.stat().st_mtime - time.time()) < 60
