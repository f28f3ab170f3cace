"""
A call as a ladder: the participants as lines, what passes between them as arrows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from types import MappingProxyType

from livekit_conformance.catalogue.call_lines import Lane
from livekit_conformance.catalogue.milestones import MISSING, Milestone
from livekit_conformance.catalogue.text import Language
from livekit_conformance.reporting import page_phrases as phrases
from livekit_conformance.reporting.pictures import svg
from livekit_conformance.timeline.model import Step, Stop, Timeline

BAD = "lkc-bad"
QUIET = "lkc-quiet"
_LANES = tuple(Lane)
_FIRST_LANE, _BETWEEN_LANES = 106, 88
_TEXT = _FIRST_LANE + _BETWEEN_LANES * (len(_LANES) - 1) + 44
_WIDTH = 1216
_HEAD = 44
# Characters that fit beside the lanes, and how many lines of them are drawn.
_COLUMNS, _MOST_LINES = 88, 3
_GAP = 9

# The message that did not come where a story stops: from whom to whom.
_NOT_SENT: Mapping[Milestone, tuple[Lane, Lane]] = MappingProxyType(
    {
        Milestone.INVITED: (Lane.CALLER, Lane.SIP),
        Milestone.TRYING: (Lane.SIP, Lane.CALLER),
        Milestone.TRUNK: (Lane.BUS, Lane.SIP),
        Milestone.CREDENTIALS: (Lane.CALLER, Lane.SIP),
        Milestone.DISPATCHED: (Lane.BUS, Lane.SIP),
        Milestone.JOINED: (Lane.SIP, Lane.SERVER),
        Milestone.AGENT: (Lane.AGENT, Lane.SERVER),
        Milestone.ANSWERED: (Lane.SIP, Lane.CALLER),
        Milestone.AUDIO: (Lane.SIP, Lane.CALLER),
        Milestone.HUNG_UP: (Lane.SIP, Lane.CALLER),
        Milestone.LEFT: (Lane.SIP, Lane.SERVER),
        Milestone.ASKED: (Lane.CALLER, Lane.SERVER),
        Milestone.TAKEN: (Lane.BUS, Lane.SIP),
        Milestone.INVITE_CAME: (Lane.SIP, Lane.CALLER),
        Milestone.ACKNOWLEDGED: (Lane.SIP, Lane.CALLER),
    }
)


def ladder(timeline: Timeline, language: Language) -> str:
    """
    The picture of `timeline`.
    """
    title = phrases.LADDER_TITLE.say(language, purpose=timeline.purpose)
    end = phrases.OUTCOME_IS.say(language, outcome=timeline.outcome or "-")
    if timeline.stop is not None:
        end += f" {stop_words(timeline.stop, language)}."
    description = phrases.LADDER_DESC.say(language, count=len(timeline.steps), end=end)
    y, rows = float(_HEAD + svg.LINE), ""
    for row in _rows(timeline):
        height, drawn = _drawn(row, y, language)
        y, rows = y + height, rows + drawn
    heads = "".join(_head(lane, y, language) for lane in _LANES)
    return svg.picture(
        "ladder", size=(_WIDTH, y), title=title, description=description, body=heads + rows
    )


def step_words(step: Step, language: Language) -> str:
    """
    What a step says: its label and detail, and that it is a problem.
    """
    times = ""
    if step.until_s is not None:
        until = f"{step.until_s:.3f}"
        times = phrases.TIMES.say(language, times=step.times, until=until)
    problem = phrases.PROBLEM.say(language) if step.is_problem else ""
    return " ".join(filter(None, (problem, step.label, step.detail, times)))


def stop_words(stop: Stop, language: Language) -> str:
    """
    Where a story stops: the step that did not come.
    """
    return phrases.STOPS.say(language, missing=MISSING[stop.missing].say(language))


def _rows(timeline: Timeline) -> Iterator[Step | Stop]:
    stop = timeline.stop
    for number, step in enumerate(timeline.steps):
        if stop is not None and stop.before == number:
            yield stop
        yield step
    if stop is not None and stop.before >= len(timeline.steps):
        yield stop


def _drawn(row: Step | Stop, y: float, language: Language) -> tuple[float, str]:
    if isinstance(row, Stop):
        source, target = _NOT_SENT[row.missing]
        words, kind, time = stop_words(row, language), BAD, ""
        start, end = _at(source), _at(target)
        line = svg.arrow(start, end, y - 4, kind=kind, is_broken=True)
        line += svg.cross((start + end) / 2, y - 4, kind=kind)
    else:
        words, kind = step_words(row, language), BAD if row.is_problem else ""
        time = svg.text(62, y, f"{row.at_s:+.3f}", anchor="end", kind=QUIET)
        start, end = _at(row.source), _at(row.target)
        if start == end:
            line = svg.dot(start, y - 4, kind=kind)
        else:
            line = svg.arrow(start, end, y - 4, kind=kind)
    lines = _wrapped(words)
    told = "".join(svg.text(_TEXT, y + n * svg.LINE, one, kind=kind) for n, one in enumerate(lines))
    return len(lines) * svg.LINE + _GAP, time + line + told


def _wrapped(words: str) -> list[str]:
    lines = wrap(words, _COLUMNS) or [""]
    if len(lines) > _MOST_LINES:
        lines = lines[:_MOST_LINES]
        lines[-1] = f"{lines[-1][: _COLUMNS - 2]} …"
    return lines


def _head(lane: Lane, bottom: float, language: Language) -> str:
    x = _at(lane)
    lines = wrap(phrases.LANES[lane].say(language), 14, break_on_hyphens=False)
    top = _HEAD - 10 - svg.LINE * (len(lines) - 1)
    told = "".join(
        svg.text(x, top + n * svg.LINE, one, anchor="middle", kind="lkc-head")
        for n, one in enumerate(lines)
    )
    return told + svg.path(f"M{x:g} {_HEAD}V{bottom:g}", kind="lkc-lane", width=1)


def _at(lane: Lane) -> float:
    return _FIRST_LANE + _BETWEEN_LANES * _LANES.index(lane)
