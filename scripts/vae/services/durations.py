"""Durations as text."""

import statistics
from collections.abc import Sequence
from typing import Any


def clock(seconds: float) -> str:
    """Seconds as 1:05 or 2:03:04."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def time_left(rows: Sequence[dict[str, Any]], epochs: int) -> str:
    """How long a training still takes; rows: of its history, with `seconds`, one an epoch."""
    return clock(statistics.median(row["seconds"] for row in rows) * (epochs - len(rows)))
