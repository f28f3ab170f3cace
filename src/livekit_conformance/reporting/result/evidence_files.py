"""
Names of the files in the folder `evidence/` of a run.
"""

from __future__ import annotations

import re

from livekit_conformance.timeline.model import Timeline

# A Call-ID may be longer than a file system allows for a name.
_LONGEST = 100


def timeline_file(timeline: Timeline) -> str:
    """
    Name a timeline after its Call-ID, or after its room if no INVITE came.
    """
    name = timeline.call or next(iter(timeline.rooms), timeline.purpose)
    return f"timeline-{re.sub(r'[^A-Za-z0-9-]', '_', name)[:_LONGEST]}.txt"
