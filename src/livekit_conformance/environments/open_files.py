"""
Limit of open files of this process.
"""

from __future__ import annotations

import resource
from typing import Final

# Enough for a run with the mock in the same process and three calls at once.
FEWEST: Final = 64


def problem_with_open_files() -> str | None:
    """
    Return the sentence on a limit that is too low for a run; None if it is high enough.

    With fewer files connections and look-ups fail as if the network were broken.
    """
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY or allowed >= FEWEST:
        return None
    return (
        f"this process may open {allowed} files, and the suite needs {FEWEST}. "
        "Allow more: ulimit -n 1024"
    )
