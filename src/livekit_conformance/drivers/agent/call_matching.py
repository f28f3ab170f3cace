"""
Which calls the agent stand-in is there for, and whose caller it was that came into a room.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from livekit_conformance.protocol.caller import DialledCall, UnclearError, caller_of, is_proven
from livekit_conformance.protocol.sip.message import Response

_SIP = "SIP"


@dataclass(slots=True)
class Attendance:
    """
    One call of ours that the agent shall come to: the room once the caller is in one.

    `problem` says why nobody can tell which caller is ours.
    """

    call: DialledCall
    room: str | None = None
    problem: str | None = None
    # SIP participants that came during the call, by sid, and the one that is taken for ours.
    newcomers: dict[str, Mapping[str, str]] = field(default_factory=dict)
    caller: str | None = None

    def learn(self, response: Response) -> None:
        """
        Keep the tag of an answer, which without a provider is livekit-sip's own id of the call.
        """
        self.call = replace(self.call, tag=response.to.tag)


def attended(
    calls: Collection[Attendance], participant: Mapping[str, Any], *, own_callers: Collection[str]
) -> Attendance | None:
    """
    The call that a participant of a webhook is the caller of; it keeps the participant as its own.

    Behind a provider several calls of ours may look alike: then each is given one of the callers
    that came. One more than that, and it is nobody's: `problem` tells it.
    """
    sid, told = str(participant.get("sid", "")), participant.get("attributes", {})
    for call in calls:
        if call.caller == sid:
            return call  # delivered again
        if is_proven(call.call, told):
            return _taken(call, sid)
    if participant.get("kind") != _SIP:
        return None
    # Those that have no caller yet come first: the newcomer can be theirs.
    for call in sorted(calls, key=lambda call: call.caller is not None):
        call.newcomers[sid] = told
        try:
            if caller_of(call.call, call.newcomers, own_callers=own_callers) == sid:
                return _taken(call, sid)
        except UnclearError as unclear:
            call.problem = str(unclear)
    return None


def _taken(call: Attendance, sid: str) -> Attendance:
    call.caller, call.problem = sid, None
    return call
