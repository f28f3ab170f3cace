"""
Run as found on disk, with facts from its folder that the result file does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livekit_conformance.reporting.result import results_file
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.timeline.model import Moment, as_json
from livekit_conformance.timeline.story import PROBE

_ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class PastRun:
    """
    Run that is over.

    `answered_s` is the time from the INVITE of the probe call to its answer in seconds, None if it
    is not known.
    """

    result: Result
    answered_s: float | None = None


def load(path: Path) -> PastRun:
    """
    Return the run at `path`: a result file, a journal, or the folder of a run.

    Raises results_file.ResultsError.
    """
    result = results_file.load(path)
    folder = path if path.is_dir() else path.parent
    stories: Iterable[Mapping[str, Any]] = map(as_json, result.timelines)
    return PastRun(result, answered_s([*stories, *_stories_in(folder / "evidence")]))


def answered_s(stories: Iterable[Mapping[str, Any]]) -> float | None:
    """
    Return the seconds from the probe call's INVITE to its 200, by our clock; None if unanswered.
    """
    for story in stories:
        if story.get("purpose") != PROBE or story.get("outcome") != _ANSWERED:
            continue
        for step in story.get("steps", ()):
            if step.get("moment") == Moment.ANSWERED or _is_old_answer(step):
                at_s = step.get("at_s")
                return at_s if isinstance(at_s, float) else None
    return None


def _is_old_answer(step: Mapping[str, Any]) -> bool:
    """
    Return whether a step that an older version wrote, without its moment, answers the INVITE.

    The first 200 that the caller gets is that of the INVITE.
    """
    label = str(step.get("label"))
    return "moment" not in step and step.get("target") == "caller" and label.startswith("200 ")


def _stories_in(evidence: Path) -> Iterable[Mapping[str, Any]]:
    """
    Yield the timelines among the evidence; skip unreadable files, which only add to the result.
    """
    for file in sorted(evidence.glob("timeline-*.json")):
        try:
            story = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(story, dict) and isinstance(story.get("steps"), list):
            yield story
