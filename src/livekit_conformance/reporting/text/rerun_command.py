"""
Command that runs one check of a report once more, in the folder in which the run was started.
"""

from __future__ import annotations

import shlex
from typing import Final

from livekit_conformance.reporting.result.model import Run
from livekit_conformance.verdict import CheckRecord

# Stands for the node id of the check in `Run.again`.
NODE_ID: Final = "{node_id}"


def command(run: Run, check: CheckRecord) -> str:
    """
    Return a line for a POSIX shell; empty if the check has no test, or is from an old journal.
    """
    if not check.node_id:
        return ""
    return shlex.join(word.replace(NODE_ID, check.node_id) for word in run.again)
