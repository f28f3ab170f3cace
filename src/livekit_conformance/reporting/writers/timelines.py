"""
evidence/timeline-<call>.txt and .json: the story of each relevant call, as a drawing and as data.
"""

from __future__ import annotations

import json
from pathlib import Path

from livekit_conformance.reporting.result.evidence_files import timeline_file
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.result.whole_files import write_whole
from livekit_conformance.timeline.ladder import as_text
from livekit_conformance.timeline.model import as_json


def write(result: Result, path: Path) -> None:
    """
    Write the timelines into the folder `path`, beside the other evidence.
    """
    for timeline in result.timelines:
        path.mkdir(exist_ok=True)
        target = path / timeline_file(timeline)
        write_whole(target, as_text(timeline, result.language))
        content = json.dumps(as_json(timeline), ensure_ascii=False, indent=1)
        write_whole(target.with_suffix(".json"), content + "\n")
