"""
Draw a call as a ladder: participants as lines, messages between them as arrows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from types import MappingProxyType

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.catalogue.milestones import MISSING, Milestone
from livekit_conformance.reporting.pictures import svg
from livekit_conformance.reporting.text import page_phrases as phrases
from livekit_conformance.timeline.model import Step, Stop, Timeline
from livekit_conformance.wording import Language

BAD = "lkc-bad"
QUIET = "lkc-quiet"
_LANES = tuple(Lane)
_GAP = 9


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Positions in points: first lane, distance between lanes, edges of times and texts, whole width.

    `time` is the right edge of the times, `text` the left edge of the texts. At most `most_lines`
    lines of `columns` characters of a text are drawn: beside the arrow, or `below` points under it.
    The names of the lanes break after `head_columns` characters.
    """

    name: str
    width: int
    head: int
    head_columns: int
    first_lane: int
    between_lanes: int
    time: int
    text: int
    columns: int
    most_lines: int
    below: int = 0

    def at(self, lane: Lane) -> float:
        """
        Return the position of a lane.
        """
        return self.first_lane + self.between_lanes * _LANES.index(lane)


WIDE = Layout(
    "ladder",
    width=1216,
    head=44,
    head_columns=14,
    first_lane=106,
    between_lanes=88,
    time=62,
    text=590,
    columns=88,
    most_lines=3,
)
# As wide as a phone shows it.
NARROW = Layout(
    "ladder-narrow",
    width=350,
    head=44,
    head_columns=10,
    first_lane=32,
    between_lanes=57,
    time=48,
    text=56,
    columns=42,
    most_lines=6,
    below=svg.LINE,
)

# Source and target of the message that is missing where a story stops.
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


def ladder(timeline: Timeline, language: Language, layout: Layout = WIDE) -> str:
    """
    Return the picture of `timeline`.
    """
    title = phrases.LADDER_TITLE.say(language, purpose=timeline.purpose)
    end = phrases.OUTCOME_IS.say(language, outcome=timeline.outcome or "-")
    if timeline.stop is not None:
        end += f" {stop_words(timeline.stop, language)}."
    description = phrases.LADDER_DESC.say(language, count=len(timeline.steps), end=end)
    y, rows = float(layout.head + svg.LINE), ""
    for row in _rows(timeline):
        height, drawn = _drawn(row, y, language, layout)
        y, rows = y + height, rows + drawn
    heads = "".join(_head(lane, y, language, layout) for lane in _LANES)
    return svg.picture(
        layout.name,
        size=(layout.width, y),
        title=title,
        description=description,
        body=heads + rows,
    )


def step_words(step: Step, language: Language) -> str:
    """
    Return a step in words: its label and detail, marked if it is a problem.
    """
    times = ""
    if step.until_s is not None:
        until = f"{step.until_s:.3f}"
        times = phrases.TIMES.say(language, times=step.times, until=until)
    problem = phrases.PROBLEM.say(language) if step.is_problem else ""
    return " ".join(filter(None, (problem, step.label, step.detail, times)))


def stop_words(stop: Stop, language: Language) -> str:
    """
    Return the point where a story stops in words: the step that did not come.
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


def _drawn(row: Step | Stop, y: float, language: Language, layout: Layout) -> tuple[float, str]:
    if isinstance(row, Stop):
        source, target = _NOT_SENT[row.missing]
        words, kind, time = stop_words(row, language), BAD, ""
        start, end = layout.at(source), layout.at(target)
        line = svg.arrow(start, end, y - 4, kind=kind, is_broken=True)
        line += svg.cross((start + end) / 2, y - 4, kind=kind)
    else:
        words, kind = step_words(row, language), BAD if row.is_problem else ""
        time = svg.text(layout.time, y + layout.below, f"{row.at_s:+.3f}", anchor="end", kind=QUIET)
        start, end = layout.at(row.source), layout.at(row.target)
        if start == end:
            line = svg.dot(start, y - 4, kind=kind)
        else:
            line = svg.arrow(start, end, y - 4, kind=kind)
    lines = _wrapped(words, layout)
    top = y + layout.below
    text = "".join(
        svg.text(layout.text, top + n * svg.LINE, one, kind=kind) for n, one in enumerate(lines)
    )
    return layout.below + len(lines) * svg.LINE + _GAP, time + line + text


def _wrapped(words: str, layout: Layout) -> list[str]:
    lines = wrap(words, layout.columns) or [""]
    if len(lines) > layout.most_lines:
        lines = lines[: layout.most_lines]
        lines[-1] = f"{lines[-1][: layout.columns - 2]} …"
    return lines


def _head(lane: Lane, bottom: float, language: Language, layout: Layout) -> str:
    x = layout.at(lane)
    lines = wrap(phrases.LANES[lane].say(language), layout.head_columns)
    top = layout.head - 10 - svg.LINE * (len(lines) - 1)
    name = "".join(
        svg.text(x, top + n * svg.LINE, one, anchor="middle", kind="lkc-head")
        for n, one in enumerate(lines)
    )
    return name + svg.path(f"M{x:g} {layout.head}V{bottom:g}", kind="lkc-lane", width=1)
