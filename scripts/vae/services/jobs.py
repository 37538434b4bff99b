"""What surrounds the work of a script: its log, and errors that a user can read."""

import errno
import logging
import math
import os
import re
import sys
import textwrap
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vae.services.errors import DamagedError, Stopped, UserError

AGAIN = "\nOnce more, since this did not succeed:\n\n"

_ROOM = (
    "Make room on that disk, or put a link to a folder of another disk in the place of results/, "
    "and run the same command again: what was finished is kept."
)
_RIGHT = (
    "Make it readable and writable for you, or put a link to a folder that is in the place of "
    "results/, and run the same command again: what was finished is kept."
)
REFUSED = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "No file may grow so large here («ulimit -f» shows the limit). " + _ROOM,
    errno.EROFS: _RIGHT,
    errno.EACCES: _RIGHT,
    errno.EPERM: _RIGHT,
}
LESS_MEMORY = (
    "Have fewer jobs side by side (--cores 1), or lower batch_size in config/config.yaml, and run "
    "the same command again."
)


@contextmanager
def job(log: str | Path) -> Iterator[None]:
    """Run the work of a rule: log lines go to the file `log`, and some of them to the terminal.

    A log begins anew once the work has succeeded; what failed or was killed before is kept above.
    On the terminal, which several jobs share, a line begins with what it is about, taken from a
    path such as results/mnist/ld_2/logs/train.log.

    What libraries in other languages print goes to the log: TensorFlow greets in twenty lines.

    A failure ends the process with exit status 1: as the paragraph of a `UserError`, or one for
    what the system refused, such as room on the disk; anything else as one line. The traceback is
    in the log, whose path is the last line shown. So does `Stopped`, without a traceback.
    """
    path = Path(log)
    try:
        file = _opened(path)
    except OSError as error:
        sys.exit(f"\n{_paragraph(_explained(error))}")
    label = " ".join(p for p in path.with_suffix("").parts if p not in ("results", "logs"))
    logger = logging.getLogger("vae")
    logger.setLevel(logging.INFO)
    with _native_stderr_to(file.stream.fileno()):
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setFormatter(logging.Formatter(f"{label}: %(message)s"))
        terminal.addFilter(_Seldom())
        logger.handlers = [file, terminal]
        try:
            yield
        except (Exception, Stopped, KeyboardInterrupt) as error:
            text = _explained(error)
            with suppress(OSError):  # on a full disk, the paragraph says more than its own failure
                file.stream.write(
                    f"{text}\n" if isinstance(error, Stopped) else traceback.format_exc()
                )
                file.flush()
            print(f"\n{_paragraph(text)}\nFull log: {path}", file=sys.stderr)
            sys.exit(1)
        else:
            _kept(path).unlink(missing_ok=True)
        finally:
            with suppress(OSError):
                file.close()
            logger.handlers = []


def _opened(path: Path) -> logging.FileHandler:
    """A handler for a log file: a new one, or one that goes on after what did not succeed.

    Snakemake deletes the log of an attempt before the next one: a second name keeps it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = _kept(path)
    again = kept.is_file()
    file = logging.FileHandler(kept, encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    file.handleError = lambda record: None  # a full disk need not be told for every line
    if again:
        with suppress(OSError):  # a full disk
            file.stream.write(AGAIN)
            file.flush()
    path.unlink(missing_ok=True)
    try:
        os.link(kept, path)
    except OSError:  # a disk that knows no links
        kept.replace(path)
    return file


def _kept(path: Path) -> Path:
    return path.with_name(f".{path.name}")


def _explained(error: BaseException) -> str:
    """What happened, where, and what to do, as far as that is known."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    for cause in causes:
        match cause:
            case DamagedError():
                return cause.set_aside()
            case UserError() | Stopped():
                return str(cause)
            case KeyboardInterrupt():
                return "Interrupted. The same command begins this step again."
            case OSError(errno=number) if number in REFUSED:
                return f"{cause.filename or 'A file'}: {cause.strerror}. {REFUSED[number]}"
            case FileNotFoundError() if cause is error:
                return f"{cause.filename} is gone. Run the same command again."
            case ModuleNotFoundError(name=backend) if backend == os.environ.get("KERAS_BACKEND"):
                return (
                    f"KERAS_BACKEND={backend}, and {backend} is not installed in the environment "
                    "that jobs run in. Install it there, or unset KERAS_BACKEND for tensorflow."
                )
            case MemoryError():
                return f"Memory ran out ({cause}). {LESS_MEMORY}"
    if type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's, also for a GPU's memory
        return f"Memory ran out. {LESS_MEMORY}"
    return f"{type(error).__name__}: {error}"


def report_killed(logs: Iterable[str | Path]) -> None:
    """Say what to do where Snakemake's own logs tell of scripts that were killed."""
    text = "".join(Path(log).read_text(encoding="utf-8", errors="replace") for log in logs)
    if names := _died(text, "SIGKILL"):
        _say(
            f"{', '.join(names)} was killed (SIGKILL): as a rule by the system, because memory ran "
            f"out. {LESS_MEMORY}"
        )
    for name in _died(text, "SIGBUS"):
        inputs = re.findall(rf"Error in rule {name}:.*?\n +input: ([^\n]*)", text, re.DOTALL)
        files = sorted({*re.findall(r"[^\s,]*images\.npz", " ".join(inputs))})
        file = " or ".join(files) or "a file that it read"
        _say(
            f"{name} was killed (SIGBUS): {file} was cut off while it was read, or its disk no "
            "longer answers. See to the disk and to what else writes there, and run the same "
            "command again: a damaged file is made anew."
        )


def _died(text: str, signal: str) -> list[str]:
    """Names of the rules whose scripts died of a signal, by Snakemake's log."""
    return sorted({*re.findall(rf"\.(\w+)\.py'+ died with <Signals\.{signal}", text)})


def _say(text: str) -> None:
    print(f"\n{_paragraph(text)}", file=sys.stderr)


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
