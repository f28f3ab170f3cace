"""
Judge a wait for an event of the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from livekit_conformance.findings import Code, Finding, Json, Says
from livekit_conformance.waiting import Waited

# Data of both: event, seconds, polls.
IN_VAIN: Final = Code("wait.in-vain")
NO_ANSWER: Final = Code("wait.no-answer")


class Awaited(StrEnum):
    """
    Event that a check waits for.
    """

    ROOM_LISTED = "room-listed"
    ROOM_ENDED = "room-ended"
    PARTICIPANT_LISTED = "participant-listed"
    CALLER_LEFT = "caller-left"


def judge_wait(event: Awaited, waited: Waited, *, seen: str) -> Iterator[Finding]:
    """
    Yield a violation, with the sentence `seen`, if the event did not come.

    Without any answer it is unknown whether it came.
    """
    if waited.came_true:
        return
    data: dict[str, Json] = {
        "event": event.value,
        "seconds": round(waited.seconds, 2),
        "polls": waited.polls,
    }
    if waited.polls:
        yield Finding(IN_VAIN, seen, data=data)
    else:
        told = f"livekit-server gave no answer within {waited.seconds:.2f} s, so this is unknown"
        yield Finding(NO_ANSWER, told, "server", Says.UNSEEN, data=data)
