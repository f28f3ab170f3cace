"""
Progress of a run on one line: pure functions of the facts known at a moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from livekit_conformance.layout import cut, one_line
from livekit_conformance.reporting.text import phrases
from livekit_conformance.wording import Language

# A former run that had fewer of the remaining checks gives no estimate of the time they take.
_ENOUGH_KNOWN: Final = 0.8
_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class OngoingWait:
    """
    Wait of the running check: why not yet, how long it has waited, and its limit, in seconds.
    """

    reason: str
    seconds: float
    within: float


@dataclass(frozen=True, slots=True)
class Moment:
    """
    Moment of a run; times in seconds.

    `seen` is the last observation, `budget` the time that is left of it, `former` the duration of
    each check in a former run.
    """

    done: int
    check: str
    statement: str
    running: float
    elapsed: float
    budget: float
    left: Sequence[str]
    former: Mapping[str, float]
    wait: OngoingWait | None = None
    seen: str | None = None


def line(moment: Moment, language: Language = "en", *, width: int | None = None) -> str:
    """
    Return the progress at `moment` on one line, cut to `width` columns.

    For example: `12/194  0:31, ~1:05 left  1.5-call-is-answered 3 s: waits 3 of 10 s: ...`. `<1:05`
    comes from the budget, `~1:05` from a former run. The stable parts come first, so that a narrow
    terminal cuts the reason of the wait.
    """
    planned = moment.done + len(moment.left)
    text = (
        f"{moment.done + 1}/{planned}  {clock(moment.elapsed)}, {_time_left(moment, language)}  "
        f"{moment.check}{_seconds(moment.running, language)}: {_doing(moment, language)}"
    )
    return text if width is None else cut(text, width)


def _time_left(moment: Moment, language: Language) -> str:
    budget = max(moment.budget, 0.0)
    expected = expected_left(moment.left, moment.former, running=moment.running)
    if expected is None:
        return phrases.AT_MOST_LEFT.say(language, time=clock(budget))
    return phrases.ABOUT_LEFT.say(language, time=clock(min(expected, budget)))


def expected_left(
    left: Sequence[str], former: Mapping[str, float], *, running: float
) -> float | None:
    """
    Return the seconds that the remaining checks will take; the first has run for `running` seconds.

    None if a former run had too few of them. Unknown checks count with the average of the known.
    """
    known = [former[check] for check in left if check in former]
    if not known or len(known) < _ENOUGH_KNOWN * len(left):
        return None
    average = sum(known) / len(known)
    current = former.get(left[0], average)
    whole = sum(known) + average * (len(left) - len(known))
    return whole - min(running, current)


def _doing(moment: Moment, language: Language) -> str:
    if (wait := moment.wait) is not None:
        return phrases.WAITS.say(
            language,
            seconds=f"{wait.seconds:.0f}",
            within=f"{wait.within:.0f}",
            reason=one_line(wait.reason),
        )
    if moment.seen is not None:
        return phrases.LAST_SEEN.say(language, seen=one_line(moment.seen))
    return moment.statement


def _seconds(seconds: float, language: Language) -> str:
    whole = int(seconds)
    return f" {phrases.FOR_SECONDS.say(language, seconds=whole)}" if whole else ""


def clock(seconds: float) -> str:
    """
    Return minutes and seconds, as in `3:07`.
    """
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    return f"{minutes}:{rest:02}"
