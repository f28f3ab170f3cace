"""
Picture of the time that a call takes, from the INVITE to each of its marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise

from livekit_conformance.reporting.pictures import svg
from livekit_conformance.reporting.text import page_phrases as phrases
from livekit_conformance.timeline.call_durations import CallMoment, marks
from livekit_conformance.timeline.model import Timeline
from livekit_conformance.wording import Language

# As wide as a phone shows it; the page enlarges it where there is room.
_WIDTH = 350
_THICK = 10
_ROW = svg.LINE + _THICK + 12


def time_bar(timeline: Timeline, language: Language) -> str:
    """
    Return the picture of the time between the marks of `timeline`; empty if none was seen.
    """
    seen = [mark for mark in marks(timeline) if mark.at_s is not None]
    if not seen:
        return ""
    durations = [_words(mark, before, seen, language) for before, mark in _with_before(seen)]
    missing = [
        phrases.NOT_REACHED.say(language, what=phrases.MARKS[mark.name].say(language))
        for mark in marks(timeline)
        if mark.at_s is None
    ]
    body, y = "", 0.0
    whole = _at(seen[-1]) or 1.0
    for words, (before, mark) in zip(durations, _with_before(seen), strict=True):
        start, end = before / whole * _WIDTH, _at(mark) / whole * _WIDTH
        body += svg.text(0, y + svg.LINE - 3, words)
        body += svg.path(f"M0 {y + svg.LINE + _THICK + 2:g}H{_WIDTH}", kind="lkc-lane", width=1)
        body += svg.bar(start, y + svg.LINE + 2, max(end - start, 1.5), _THICK, kind="lkc-time")
        y += _ROW
    for words in missing:
        body += svg.text(0, y + svg.LINE - 3, words, kind="lkc-bad")
        y += svg.LINE + 4
    description = phrases.BAR_DESC.say(language, marks="; ".join(durations + missing))
    title = phrases.HEAD_TIME.say(language)
    return svg.picture("time", size=(_WIDTH, y), title=title, description=description, body=body)


def _with_before(seen: list[CallMoment]) -> Iterator[tuple[float, CallMoment]]:
    for before, mark in pairwise(chain([None], seen)):
        assert mark is not None
        yield (0.0 if before is None else _at(before)), mark


def _words(mark: CallMoment, before: float, seen: list[CallMoment], language: Language) -> str:
    took, whole = _at(mark) - before, _at(seen[-1])
    return phrases.AT.say(
        language,
        what=phrases.MARKS[mark.name].say(language),
        at=f"{_at(mark):.3f}",
        took=f"{took:.3f}",
        share=f"{100 * took / whole if whole else 0:.0f}",
    )


def _at(mark: CallMoment) -> float:
    return max(mark.at_s or 0.0, 0.0)
