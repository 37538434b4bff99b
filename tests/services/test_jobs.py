import contextlib
import errno
import logging
import os
from pathlib import Path

import pytest

from tests.helpers import python
from vae.services.errors import Stopped, UserError, damaged, reading
from vae.services.jobs import job, report_killed


def test_log_lines_go_to_the_file_and_to_the_terminal(tmp_path, capsys):
    log = tmp_path / "logs" / "train.log"
    with job(log):
        logging.getLogger("vae.training.fit").info("epoch 1/2")
    assert log.read_text().endswith(" epoch 1/2\n")
    assert capsys.readouterr().err.endswith(" train: epoch 1/2\n")


def test_the_terminal_gets_the_first_line_of_a_kind_and_every_warning(tmp_path, capsys):
    with job(tmp_path / "train.log"):
        for epoch in range(3):
            logging.getLogger("vae").info("epoch %d", epoch)
            logging.getLogger("vae").warning("careful %d", epoch)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        *("epoch 0", "careful 0", "careful 1", "careful 2")
    ]
    assert (tmp_path / "train.log").read_text().count("epoch") == 3


def test_paths_are_not_broken(tmp_path, capsys):
    path = "/a/path/with-hyphens/" * 8
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        raise UserError(f"word {path}")
    assert path in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "log_has"),
    [
        (UserError("what happened\nwhat to do"), "Traceback (most recent call last)"),
        (Stopped("after epoch 3"), "after epoch 3\n"),  # and no traceback
    ],
)
def test_an_error_for_the_user_is_a_paragraph_and_names_the_log(tmp_path, capsys, error, log_has):
    log = tmp_path / "train.log"
    with pytest.raises(SystemExit) as ended, job(log):
        raise error
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"\n{error}\nFull log: {log}\n"
    assert log.read_text().startswith(log_has)


def test_a_log_keeps_what_failed_or_was_killed_and_forgets_what_succeeded(tmp_path):
    log = tmp_path / "train.log"
    for text in ("failed", "failed again", "done", "done again"):
        log.unlink(missing_ok=True)  # as Snakemake does
        with contextlib.suppress(SystemExit), job(log):
            logging.getLogger("vae").info(text)
            if text.startswith("failed"):
                raise UserError("for a reason")
        if text == "done":
            kept = log.read_text()
            assert kept.count("UserError: for a reason") == kept.count("Once more") == 2
            assert kept.endswith(" done\n")
    assert log.read_text().endswith(" done again\n")
    assert log.read_text().count("\n") == 1
    assert list(tmp_path.iterdir()) == [log]


def test_a_disk_without_links_has_a_log_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError()))
    with job(tmp_path / "train.log"):
        logging.getLogger("vae").info("epoch 1/2")
    assert (tmp_path / "train.log").read_text().endswith(" epoch 1/2\n")
    assert [path.name for path in tmp_path.iterdir()] == ["train.log"]


REFUSALS = {
    "full": (OSError(errno.ENOSPC, "No space left on device", "a.npz"), "Make room on that disk"),
    "read-only": (OSError(errno.EROFS, "Read-only file system", "a.npz"), "readable and writable"),
    "forbidden": (PermissionError(errno.EACCES, "Permission denied", "a.npz"), "a.npz: Permission"),
    "deleted": (FileNotFoundError(errno.ENOENT, "No such file", "a.npz"), "a.npz is gone. Run"),
    "memory": (MemoryError("9 GiB"), r"Memory ran out (9 GiB). Have fewer jobs side by side"),
    "of a GPU": (type("ResourceExhaustedError", (Exception,), {})(), "Memory ran out. Have fewer"),
    "Ctrl-C": (KeyboardInterrupt(), "Interrupted. The same command begins this step again."),
}


@pytest.mark.parametrize(("error", "words"), REFUSALS.values(), ids=REFUSALS)
def test_what_the_system_refuses_comes_with_what_to_do(tmp_path, capsys, error, words):
    log = tmp_path / "log"
    with pytest.raises(SystemExit), job(log):
        raise error
    shown = capsys.readouterr().err
    assert words in shown.replace("\n", " ")
    assert shown.endswith(f"\nFull log: {log}\n")
    assert "Traceback" in log.read_text()


def test_a_full_disk_is_told_whatever_a_library_makes_of_it(tmp_path, capsys):
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        try:
            raise OSError(errno.ENOSPC, "No space left on device", "a.png")
        except OSError:
            raise AttributeError("no fileno") from None
    assert "a.png: No space left on device. Make room" in capsys.readouterr().err


@pytest.mark.parametrize("cannot", ["be renamed", ""])
def test_a_damaged_file_is_set_aside_by_a_job_alone(tmp_path, capsys, monkeypatch, cannot):
    path = tmp_path / "images.npz"
    path.write_text("noise")
    assert "Delete it and run the same command again" in str(damaged(path, "no npz"))
    assert path.exists()
    if cannot:
        monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError()))
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        raise damaged(path, "no npz")
    shown = capsys.readouterr().err.replace("\n", " ")
    assert "images.npz is damaged or was not written by this workflow (no npz)." in shown
    if cannot:
        assert "Delete it and run the same command again" in shown
    else:
        assert "damaged.images.npz. Run the same command again" in shown
        assert (tmp_path / "damaged.images.npz").read_text() == "noise"
    assert path.exists() == bool(cannot)


@pytest.mark.parametrize("error", [MemoryError(), PermissionError(), FileNotFoundError()])
def test_a_file_that_cannot_be_read_for_other_reasons_is_not_called_damaged(error):
    with pytest.raises(type(error)), reading("images.npz"):
        raise error


def test_a_log_that_cannot_be_written_is_told(tmp_path, capsys):
    (tmp_path / "logs").write_text("a file in the way")
    with pytest.raises(SystemExit) as ended, job(tmp_path / "logs" / "train.log"):
        raise AssertionError
    assert "logs" in str(ended.value)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_log_on_a_full_disk_does_not_hide_the_reason(tmp_path, capsys):
    with open("/dev/full", "wb") as full, pytest.raises(SystemExit), job(tmp_path / "log"):
        log, _ = logging.getLogger("vae").handlers
        os.dup2(full.fileno(), log.stream.fileno())
        logging.getLogger("vae").info("epoch 1")
        raise UserError("what happened")
    assert "\nwhat happened\n" in capsys.readouterr().err


def test_who_was_killed_is_told_with_what_to_do(tmp_path, capsys):
    log = tmp_path / "snakemake.log"
    log.write_text("Command 'python /a/tmp1.train.py' returned non-zero exit status 1.")
    report_killed([log])
    assert capsys.readouterr().err == ""
    log.write_text("Command 'python '/a b/tmp1.encode.py'' died with <Signals.SIGKILL: 9>.")
    report_killed([log])
    assert capsys.readouterr().err.startswith("\nencode was killed (SIGKILL): as a rule by the")


def test_a_file_that_was_cut_off_is_named(tmp_path, capsys):
    log = tmp_path / "snakemake.log"
    log.write_text(
        "Command 'python /a/tmp1.train.py' died with <Signals.SIGBUS: 7>.\n"
        "Error in rule train:\n    jobid: 1\n    input: results/digits/images.npz\n"
    )
    report_killed([log])
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("train was killed (SIGBUS): results/digits/images.npz was cut off")


def test_any_other_error_is_named_in_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        raise ZeroDivisionError("by zero")
    assert "ZeroDivisionError: by zero\n" in capsys.readouterr().err


def test_what_libraries_print_goes_to_the_log_alone(tmp_path):
    code = """
import logging, os, sys
from vae.services.jobs import job
with job("train.log"):
    os.write(2, b"greetings")
    logging.getLogger("vae").info("epoch 1")
    print("a bar", file=sys.stderr)
os.write(2, b"afterwards")
"""
    done = python("-c", code, cwd=tmp_path)
    assert done.stderr == "train: epoch 1\na bar\nafterwards"
    assert "greetings" in (tmp_path / "train.log").read_text()


def test_long_lines_are_wrapped_and_line_breaks_kept(tmp_path, capsys):
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        raise UserError("word " * 50 + "\n  indented")
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines[:-1])) <= 100
    assert "  indented" in lines


def test_a_backend_that_is_not_installed_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "no_such_backend")
    with pytest.raises(SystemExit), job(tmp_path / "train.log"):
        import no_such_backend  # noqa: F401
    assert "no_such_backend is not installed in the environment" in capsys.readouterr().err
