import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.vae.jobs import Stopped, UserError, job


def test_log_lines_go_to_the_file_and_to_the_terminal(tmp_path, capsys):
    log = tmp_path / "logs" / "train.log"
    with job(log):
        logging.getLogger("scripts.vae.training").info("epoch 1/2")
    assert log.read_text().endswith(" epoch 1/2\n")
    assert capsys.readouterr().err.endswith(" train: epoch 1/2\n")


def test_the_terminal_gets_the_first_line_of_a_kind_and_every_warning(tmp_path, capsys):
    with job(tmp_path / "train.log"):
        for epoch in range(3):
            logging.getLogger("scripts.vae").info("epoch %d", epoch)
            logging.getLogger("scripts.vae").warning("careful %d", epoch)
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


def test_a_user_error_is_a_paragraph_and_the_traceback_is_in_the_log(tmp_path, capsys):
    log = tmp_path / "train.log"
    with pytest.raises(SystemExit) as ended, job(log):
        raise UserError("what happened\nwhat to do")
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"\nwhat happened\nwhat to do\nFull log: {log}\n"
    assert "Traceback" in log.read_text()


def test_what_was_asked_to_stop_says_how_to_go_on_without_a_traceback(tmp_path, capsys):
    log = tmp_path / "train.log"
    with pytest.raises(SystemExit) as ended, job(log):
        raise Stopped("after epoch 3")
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"\nafter epoch 3\nFull log: {log}\n"
    assert log.read_text() == "after epoch 3\n"


def test_a_process_left_behind_does_not_write_into_the_next_log(tmp_path):
    log = tmp_path / "train.log"
    with log.open("w") as old, job(log):
        logging.getLogger("scripts.vae").info("new")
        old.write("old")
    assert log.read_text().endswith(" new\n")


def test_any_other_error_is_named_in_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        raise ZeroDivisionError("by zero")
    assert "ZeroDivisionError: by zero\n" in capsys.readouterr().err


def test_what_libraries_print_goes_to_the_log_alone(tmp_path):
    code = """
import logging, os, sys
from scripts.vae.jobs import job
with job("train.log"):
    os.write(2, b"greetings")
    logging.getLogger("scripts.vae").info("epoch 1")
    print("a bar", file=sys.stderr)
os.write(2, b"afterwards")
"""
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "train: epoch 1\na bar\nafterwards"
    assert "greetings" in (tmp_path / "train.log").read_text()


def test_long_lines_are_wrapped_and_line_breaks_kept(tmp_path, capsys):
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        raise UserError("word " * 50 + "\n  indented")
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines[:-1])) <= 100
    assert "  indented" in lines
