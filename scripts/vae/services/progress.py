"""Progress of long work: a line in the log now and then."""

import logging
import time


class Progress:
    """Logs at most one line in so many seconds, the first one after as many."""

    def __init__(self, logger: logging.Logger, seconds: float = 30.0):
        self._logger = logger
        self._seconds = seconds
        self._last = time.monotonic()

    def info(self, message: str, *arguments: object) -> None:
        """Log a message as `logging.Logger.info` does, or drop it if it comes too early."""
        if time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            self._logger.info(message, *arguments, stacklevel=2)
