"""
Render a timeline as text: participants as columns, messages between them as arrows.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.catalogue.milestones import MISSING
from livekit_conformance.timeline.clocks import Offset
from livekit_conformance.timeline.model import Step, Timeline
from livekit_conformance.wording import Language, Text

WIDTH = 100
_LANES = tuple(Lane)
_HEADS = {
    Lane.CALLER: "caller",
    Lane.SIP: "sip",
    Lane.BUS: "bus",
    Lane.SERVER: "server",
    Lane.ENDPOINT: "hooks",
    Lane.AGENT: "agent",
}
_TIME = 10
_LANE = 7
# Nothing is drawn right of the last lane.
_DRAWING = _LANE * (len(_LANES) - 1) + _LANE // 2 + 1
_TEXT = _TIME + _DRAWING + 2
# Characters shown of a long answer or error; the rest is in the evidence.
_DETAIL = 240

_TITLE = Text(
    en="Call {call} ({purpose}): {outcome}",
    ru="Вызов {call} ({purpose}): {outcome}",
)
_LEGEND = Text(
    en="Times in seconds after the INVITE. sip = livekit-sip, server = livekit-server, "
    "bus = Redis, hooks = webhook endpoint; * a note of one of them, !! a problem, "
    '"..." a line of its log.',
    ru="Время в секундах после INVITE. sip = livekit-sip, server = livekit-server, "
    "bus = Redis, hooks = получатель вебхуков; * заметка одного из них, !! проблема, "
    '"..." строка его журнала.',
)
_ROOM = Text(en="Room: {rooms}", ru="Комната: {rooms}")
_AHEAD = Text(
    en="The clock of {clock} is {seconds} ahead of ours ({bounds}); its times are moved. "
    "Seen on both: {seen}",
    ru="Часы {clock} спешат относительно наших на {seconds} ({bounds}); его время сдвинуто. "
    "Видно с обеих сторон: {seen}",
)
_BEHIND = Text(
    en="The clock of {clock} is {seconds} behind ours ({bounds}); its times are moved. "
    "Seen on both: {seen}",
    ru="Часы {clock} отстают от наших на {seconds} ({bounds}); его время сдвинуто. "
    "Видно с обеих сторон: {seen}",
)
_BETWEEN = Text(en="between {low} and {high}", ru="от {low} до {high}")
_AT_LEAST = Text(en="at least", ru="не меньше")
_CONTRADICTION = Text(
    en="The clocks contradict themselves, one was set during the call; nothing is moved. Seen: "
    "{seen}",
    ru="Часы противоречат сами себе: во время вызова их переводили; время не сдвинуто. Видно: "
    "{seen}",
)
_TIMES = Text(en="({times} times, last at {until} s)", ru="(всего {times}, последний в {until} с)")
_STOPS = Text(en="THE STORY STOPS HERE: {missing}", ru="ЗДЕСЬ ИСТОРИЯ ОБРЫВАЕТСЯ: {missing}")
_LEFT_OUT = Text(
    en="{count} more lines about this call are in the log files among the evidence.",
    ru="Ещё {count} строк об этом вызове есть в файлах журналов среди улик.",
)


def as_text(timeline: Timeline, language: Language) -> str:
    """
    Return the timeline as a ladder of at most 100 columns.
    """
    return "\n".join(line.rstrip() for line in _lines(timeline, language)) + "\n"


def _lines(timeline: Timeline, language: Language) -> Iterator[str]:
    title = _TITLE.say(
        language,
        call=timeline.call or "-",
        purpose=timeline.purpose,
        outcome=timeline.outcome or "-",
    )
    yield from wrap(title, WIDTH)
    if timeline.rooms:
        yield from wrap(_ROOM.say(language, rooms=", ".join(timeline.rooms)), WIDTH)
    for sentence in _clocks(timeline, language):
        yield from wrap(sentence, WIDTH)
    yield from wrap(_LEGEND.say(language), WIDTH)
    yield ""
    yield " " * _TIME + "".join(f"{_HEADS[lane]:^{_LANE}}" for lane in _LANES)
    for number, step in enumerate(timeline.steps):
        if timeline.stop is not None and timeline.stop.before == number:
            yield from _stop(timeline, language)
        yield from _step(step, language)
    if timeline.stop is not None and timeline.stop.before >= len(timeline.steps):
        yield from _stop(timeline, language)
    if timeline.left_out:
        yield from wrap(_LEFT_OUT.say(language, count=timeline.left_out), WIDTH)


def _clocks(timeline: Timeline, language: Language) -> Iterator[str]:
    if timeline.clocks.contradiction:
        yield _CONTRADICTION.say(language, seen=timeline.clocks.contradiction)
    for clock, offset in timeline.clocks.offsets.items():
        if offset.applied:
            text = _AHEAD if offset.applied > 0 else _BEHIND
            yield text.say(
                language,
                clock=clock,
                seconds=_seconds(abs(offset.applied), language),
                bounds=_bounds(offset, language),
                seen=offset.seen,
            )


def _bounds(offset: Offset, language: Language) -> str:
    low, high = sorted((abs(offset.low), abs(offset.high)))
    if high == float("inf"):
        return _AT_LEAST.say(language)
    return _BETWEEN.say(language, low=_seconds(low, language), high=_seconds(high, language))


def _seconds(value: float, language: Language) -> str:
    return f"{value:.3f} {Text(en='s', ru='с').say(language)}"


def _step(step: Step, language: Language) -> Iterator[str]:
    text = " ".join(
        filter(
            None,
            (
                "!!" if step.is_problem else "",
                step.label,
                step.detail[:_DETAIL] + (" ..." if len(step.detail) > _DETAIL else ""),
                _TIMES.say(language, times=step.times, until=f"{step.until_s:.3f}")
                if step.until_s is not None
                else "",
            ),
        )
    )
    yield from _beside(f"{step.at_s:+9.3f}", _drawing(step), text)


def _stop(timeline: Timeline, language: Language) -> Iterator[str]:
    assert timeline.stop is not None
    drawing = _bars()
    drawing[_column(timeline.stop.lane)] = "X"
    missing = MISSING[timeline.stop.missing].say(language)
    yield from _beside("", "".join(drawing), _STOPS.say(language, missing=missing))


def _beside(time: str, drawing: str, text: str) -> Iterator[str]:
    first, *more = wrap(text, WIDTH - _TEXT, subsequent_indent="  ", break_on_hyphens=False) or [""]
    yield f"{time:<{_TIME}}{drawing}  {first}"
    for line in more:
        yield f"{'':<{_TIME}}{''.join(_bars())}  {line}"


def _drawing(step: Step) -> str:
    drawing = _bars()
    source, target = _column(step.source), _column(step.target)
    if source == target:
        drawing[source] = "*"
        return "".join(drawing)
    left, right = sorted((source, target))
    for column in range(left + 1, right):
        # A lane that the arrow only crosses stays visible.
        drawing[column] = "+" if drawing[column] == "|" else "-"
    if source < target:
        drawing[right - 1] = ">"
    else:
        drawing[left + 1] = "<"
    return "".join(drawing)


def _bars() -> list[str]:
    drawing = [" "] * _DRAWING
    for lane in _LANES:
        drawing[_column(lane)] = "|"
    return drawing


def _column(lane: Lane) -> int:
    return _LANES.index(lane) * _LANE + _LANE // 2
