"""Errors that a user can read, and put right."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(Exception):
    """Something the user can put right: the message says what happened, where, and what to do."""


class Stopped(BaseException):
    """The work was asked to stop: the message says how far it came and how it goes on.

    No Exception, since libraries catch those.
    """


class DamagedError(UserError):
    """A file that the workflow wrote or fetched cannot be read.

    Whoever reads it in a `job` finds it set aside; nobody else's file is touched.
    """

    def __init__(self, what: str, path: str | Path):
        super().__init__(f"{what} Delete it and run the same command again: it will be made anew.")
        self.what = what
        self.path = Path(path)

    def set_aside(self) -> str:
        """Give the file another name, so that the same command makes it anew; say so."""
        aside = self.path.with_name(f"damaged.{self.path.name}")
        try:
            self.path.replace(aside)
        except OSError:
            return str(self)
        return f"{self.what} It is now {aside}. Run the same command again: it will be made anew."


class RawFileError(DamagedError):
    """A raw file of a source is damaged or not the right one; `reason` says why."""

    def __init__(self, path: str | Path, reason: Exception | str):
        super().__init__(f"{path} is damaged or not the right file: {reason}.", path)


def damaged(path: str | Path, error: Exception | str) -> DamagedError:
    """The error for a file of results that cannot be read, and why."""
    return DamagedError(f"{path} is damaged or was not written by this workflow ({error}).", path)


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Whatever fails within, unless it is for want of the file or of memory, means it is damaged.

    Raises UserError.
    """
    try:
        yield
    except (FileNotFoundError, PermissionError, MemoryError, UserError):
        raise
    except Exception as error:
        raise damaged(path, error) from error


@contextmanager
def reading_raw(path: str | Path) -> Iterator[None]:
    """Whatever fails within means that a raw file is damaged, unless the system says what failed.

    Raises UserError.
    """
    try:
        yield
    except (MemoryError, UserError):
        raise
    except Exception as error:
        told_by_system = isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)
        if told_by_system:  # such as a full disk; EINVAL is an impossible place in the file
            raise
        raise RawFileError(path, error) from error


class DivergedError(UserError):
    """A trained network gives values that are not finite."""

    def __init__(self, what: str = "The networks' output"):
        super().__init__(
            f"{what} contains NaN or infinity: training diverged. A lower learning_rate or a "
            "longer warm-up usually helps."
        )
