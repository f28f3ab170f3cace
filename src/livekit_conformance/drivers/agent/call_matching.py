"""
Match participants of webhooks to our calls, for the agent stand-in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from livekit_conformance.protocol.caller import DialledCall, UnclearError, caller_of, is_proven
from livekit_conformance.protocol.sip.message import Response

_SIP = "SIP"


# A quiet machine needs 0.2 to 0.5 s; a caller waits 8 s for an answer.
_LATE_S = 4.0


@dataclass(slots=True)
class Attendance:
    """
    One call of ours that the agent shall join, with its room once the caller is in one.

    `problem` is the reason why the caller cannot be identified. `called_at` and `joined_at` are the
    times (monotonic, seconds) at which the agent was called and was there.
    """

    call: DialledCall
    room: str | None = None
    problem: str | None = None
    called_at: float | None = None
    joined_at: float | None = None
    # SIP participants that came during the call, by sid, and the one that we take for ours.
    newcomers: dict[str, Mapping[str, str]] = field(default_factory=dict)
    caller: str | None = None

    def lateness(self, now: float) -> str | None:
        """
        Return how late our agent is, or came; None if it was fast enough for a caller who waits.
        """
        if self.called_at is None:
            return None
        took = (self.joined_at or now) - self.called_at
        if took <= _LATE_S:
            return None
        return (
            f"the agent stand-in needed {took:.1f} s to join {self.room}: this machine or "
            "livekit-server is too slow"
        )

    def learn(self, response: Response) -> None:
        """
        Keep the To tag of a response; without a provider it is livekit-sip's own id of the call.
        """
        self.call = replace(self.call, tag=response.to.tag)


def attended(
    calls: Collection[Attendance], participant: Mapping[str, Any], *, own_callers: Collection[str]
) -> Attendance | None:
    """
    Return the call whose caller is `participant` of a webhook, and keep the participant in it.

    Behind a provider several calls of ours may look alike: then each gets one of the callers that
    came. With one caller too many, none is matched and `problem` of the calls gives the reason.
    """
    sid, attributes = str(participant.get("sid", "")), participant.get("attributes", {})
    for call in calls:
        if call.caller == sid:
            return call  # delivered again
        if is_proven(call.call, attributes):
            return _taken(call, sid)
    if participant.get("kind") != _SIP:
        return None
    # Calls without a caller come first: the newcomer may be theirs.
    for call in sorted(calls, key=lambda call: call.caller is not None):
        call.newcomers[sid] = attributes
        try:
            if caller_of(call.call, call.newcomers, own_callers=own_callers) == sid:
                return _taken(call, sid)
        except UnclearError as unclear:
            call.problem = str(unclear)
    return None


def _taken(call: Attendance, sid: str) -> Attendance:
    call.caller, call.problem = sid, None
    return call
