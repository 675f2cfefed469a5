"""What this machine offers."""

import os

__all__ = ["available_cores"]


def available_cores() -> int:
    """Cores that this process may use: all of the machine's, or those of its container or affinity mask."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
