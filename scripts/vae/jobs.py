"""What surrounds the work of a script: its log, and errors that a user can read."""

import logging
import math
import os
import sys
import textwrap
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(Exception):
    """Something the user can put right: the message says what happened, where, and what to do."""


class Stopped(BaseException):
    """The work was asked to stop: the message says how far it came and how it goes on.

    No Exception, since libraries catch those.
    """


def damaged(path: str | Path, error: Exception) -> UserError:
    """The error for a file of results that cannot be read."""
    return UserError(
        f"{path} is damaged or was not written by this workflow ({error}). "
        "Delete it and run the same command again: it will be built anew."
    )


@contextmanager
def job(log: str | Path) -> Iterator[None]:
    """Run the work of a rule: log lines go to the file `log`, and some of them to the terminal.

    On the terminal, which several jobs share, a line begins with what it is about, taken from a
    path such as results/mnist/ld_2/logs/train.log.

    What libraries in other languages print goes to the log: TensorFlow greets in twenty lines.

    A failure ends the process with exit status 1: a `UserError` as the paragraph it carries,
    anything else as one line. The traceback is in the log, whose path is the last line shown. So
    does `Stopped`, without a traceback.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a process left behind may still write to the old one
    file = logging.FileHandler(path, mode="w", encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    label = " ".join(p for p in path.with_suffix("").parts if p not in ("results", "logs"))
    logger = logging.getLogger("scripts")
    logger.setLevel(logging.INFO)
    with _native_stderr_to(file.stream.fileno()):
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setFormatter(logging.Formatter(f"{label}: %(message)s"))
        terminal.addFilter(_Seldom())
        logger.handlers = [file, terminal]
        try:
            yield
        except (Exception, Stopped) as error:
            stopped = isinstance(error, Stopped)
            file.stream.write(f"{error}\n" if stopped else traceback.format_exc())
            known = stopped or isinstance(error, UserError)
            text = str(error) if known else f"{type(error).__name__}: {error}"
            print(f"\n{_paragraph(text)}\nFull log: {path}", file=sys.stderr)
            sys.exit(1)
        finally:
            file.close()
            logger.handlers = []


@contextmanager
def _native_stderr_to(descriptor: int) -> Iterator[None]:
    """Send what is written to file descriptor 2 elsewhere; Python's sys.stderr stays as it is."""
    before, terminal = sys.stderr, os.dup(2)
    os.dup2(descriptor, 2)
    if before is sys.__stderr__:
        sys.stderr = os.fdopen(terminal, "w", 1, before.encoding, before.errors, closefd=False)
    try:
        yield
    finally:
        sys.stderr = before
        os.dup2(terminal, 2)
        os.close(terminal)


class _Seldom(logging.Filter):
    """Passes a kind of message twice a minute at most: a log has room for every epoch, no more.

    The first passes, and warnings always.
    """

    def __init__(self):
        super().__init__()
        self.last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind, now = (record.pathname, record.lineno), time.monotonic()
        if record.levelno > logging.INFO or now - self.last.get(kind, -math.inf) > 30:
            self.last[kind] = now
            return True
        return False


def _paragraph(text: str) -> str:
    """Wrap long lines at 100 columns, keeping the line breaks of `text`."""
    return "\n".join(
        textwrap.fill(
            line,
            100,
            subsequent_indent=" " * (len(line) - len(line.lstrip())),
            break_long_words=False,  # paths and addresses are to be copied
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    )
