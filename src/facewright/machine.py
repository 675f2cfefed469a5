"""What this machine offers."""

import os
from pathlib import Path

__all__ = ["available_cores", "cache_folder"]


def cache_folder() -> Path:
    """Where what took long to find out is remembered: `facewright` in $XDG_CACHE_HOME or ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "facewright"


def available_cores() -> int:
    """Cores that this process may use: all of the machine's, or those of its container or affinity mask."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
