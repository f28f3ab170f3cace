"""
evidence/timeline-<call>.txt and .json: the story of each call that matters, drawn and as data.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from livekit_conformance.reporting.model import Result
from livekit_conformance.timeline.ladder import as_text
from livekit_conformance.timeline.model import Timeline, as_json

# A Call-ID may be longer than a file system likes.
_LONGEST = 100


def write(result: Result, path: Path) -> None:
    """
    Write the timelines into the folder `path`, beside the other evidence.
    """
    for timeline in result.timelines:
        path.mkdir(exist_ok=True)
        target = path / file_name(timeline)
        target.write_text(as_text(timeline, result.language), encoding="utf-8")
        content = json.dumps(as_json(timeline), ensure_ascii=False, indent=1)
        target.with_suffix(".json").write_text(content + "\n", encoding="utf-8")


def file_name(timeline: Timeline) -> str:
    """
    The file of a timeline: named after its Call-ID, or after its room when no INVITE came.
    """
    name = timeline.call or next(iter(timeline.rooms), timeline.purpose)
    return f"timeline-{re.sub(r'[^A-Za-z0-9-]', '_', name)[:_LONGEST]}.txt"
