"""
Lines in the logs of the services.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from livekit_conformance.observations.observation import Kind, LineOfLog, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWarning(LineOfLog):
    """
    Log line with a warning or an error.

    It may be `unclear` whether it is about this run or another user of the deployment. `link` is
    the one that it reports broken for our call.
    """

    unclear: bool = False
    link: str | None = None

    kind: ClassVar[Kind] = "log"
    kept: ClassVar[tuple[str, ...]] = (
        *("error", "err", "status", "response", "method", "path", "reason", "reason-raw"),
        # Names of its call.
        *("callID", "sipCallID", "room", "participant", "participantID", "event", "id"),
        "nodeID",
        *("result", "sipTrunk", "sipRule"),
        # Of a failed call: its direction, and the times of the other side's answers, if any.
        *("agentName", "jobType", "direction", "inviteToTryingMs", "inviteToRingingMs"),
        # Of no line itself: the message of one before it; true for the last one of its service.
        *("after", "last"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine(LineOfLog):
    """
    Any other line about one of our calls: no sign of a cause, but it shows how far the call came.

    With `left_out` it stands for so many more lines about the call.
    """

    left_out: int = 0

    kind: ClassVar[Kind] = "call-line"
    kept: ClassVar[tuple[str, ...]] = (
        *("callID", "sipCallID", "room", "participant", "participantID", "nodeID"),
        *("sipTrunk", "sipRule", "fromIP", "agentName", "path"),
        *("event", "id", "sendDuration", "status", "result", "reason", "error"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OthersLines(Observation):
    """
    Number of warnings with one message that are about other users than the run, and their calls.
    """

    service: str
    message: str
    lines: int
    calls: int

    kind: ClassVar[Kind] = "others"
