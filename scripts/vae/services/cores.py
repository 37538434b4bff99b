"""The CPU cores of this process."""

import os


def available_cores() -> int:
    """Return how many cores this process may use; its affinity may exclude some."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity else os.cpu_count() or 1
