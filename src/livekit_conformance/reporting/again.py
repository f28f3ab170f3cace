"""
The command that runs one check of a report once more.
"""

from __future__ import annotations

import shlex

from livekit_conformance.reporting.model import Run
from livekit_conformance.verdict import CheckRecord


def command(run: Run, check: CheckRecord) -> str:
    """
    A line for a POSIX shell, in the folder of the project; empty when the check is nobody's test.
    """
    if not check.node_id:
        return ""
    return shlex.join(["pytest", check.node_id, f"--env={run.profile or run.environment}"])
