"""What surrounds the work of a script: its log, and errors that a user can read."""

import logging
import sys
import textwrap
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(Exception):
    """Something the user can put right: the message says what happened, where, and what to do."""


@contextmanager
def job(log: str | Path) -> Iterator[None]:
    """Run the work of a rule: log lines go to the file `log` and to the terminal.

    A failure ends the process with exit status 1: a `UserError` as the paragraph it carries,
    anything else as one line. The traceback is in the log, whose path is the last line shown.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = logging.FileHandler(path, mode="w", encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("scripts")
    logger.setLevel(logging.INFO)
    logger.handlers = [file, terminal]
    try:
        yield
    except Exception as error:
        file.stream.write(traceback.format_exc())
        text = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        print(f"\n{_paragraph(text)}\nFull log: {path}", file=sys.stderr)
        sys.exit(1)
    finally:
        file.close()
        logger.handlers = []


def _paragraph(text: str) -> str:
    """Wrap long lines at 100 columns, keeping the line breaks of `text`."""
    return "\n".join(
        textwrap.fill(line, 100, subsequent_indent=" " * (len(line) - len(line.lstrip())))
        for line in text.splitlines()
    )
