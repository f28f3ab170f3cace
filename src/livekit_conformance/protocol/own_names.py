"""
Tell the log lines about a run from those about the other users of the deployment.

Each line names what it is about: a call, a room, a participant, or an API request. A line that
names nothing is a shared witness: it is the run's only if nobody else used the deployment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from livekit_conformance.protocol.logline import LogLine

# Fields with the name of a call, in lower case and without underscores; psrpc nests them.
_CALLS = frozenset({"sipcallid", "callid"})
_IDS = _CALLS | {
    *("participantid", "room", "roomname", "roomid"),
    *("egressid", "ingressid", "jobid", "dispatchid"),
}
# A line without any of these keys never shows that somebody else uses the deployment.
TELLING_KEYS = ("sipCallID", "callID", "participantID", "room", "method")
_DEEPEST = 4
# Every Call-ID of the suite, and the identity of each callee that it dials, begins with this.
OWN_CALL = "conformance-"
# Difference of two clocks in one data centre, and the time that a request may take, in seconds.
NEAR_S = 3.0
# No clock of a working deployment is so wrong, and no log shipper so late.
_OF_ANOTHER_DAY_S = 3600.0


class Whose(StrEnum):
    """
    User of the deployment that a log line is about.
    """

    OURS = "ours"
    OTHERS = "others"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class OwnNames:
    """
    All that a line can know a run by: `names` of its calls and rooms, and the `mark` in the names
    of its rooms. Its outbound calls have `rooms` of their own, whose names nobody else knows.

    `on_purpose` are names of calls that the run makes fail, with the link at which they should.

    `since` is the start of the run, `requests` the times of its API requests by path, and `hidden`
    the times of its calls whose names are not known, all in Unix seconds. `alone` means that nobody
    else used the deployment: then a shared witness is the run's.
    """

    names: frozenset[str]
    mark: str
    since: float
    rooms: frozenset[str] = frozenset()
    requests: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    hidden: tuple[tuple[float, float], ...] = ()
    alone: bool = False
    on_purpose: Mapping[str, str] = field(default_factory=dict)

    def names_us(self, line: LogLine) -> bool:
        """
        Return whether a line itself names a call or a room of the run.
        """
        named = list(names_in(line.fields))
        is_known = any(name in self.names for name in (*calls_in(line), *named))
        return is_known or any(self.mark in name or name in self.rooms for name in named)

    def fails_on_purpose(self, line: LogLine, link: str) -> bool:
        """
        Return whether a line is about a call that the run makes fail at this link.
        """
        return any(self.on_purpose.get(name) == link for name in names_in(line.fields))

    def among(self, lines: Iterable[LogLine]) -> OwnNames:
        """
        Return the same names for a log with these lines: they show whether the run was alone.
        """
        return replace(self, alone=all(self._whose(line) is not Whose.OTHERS for line in lines))

    def whose(self, line: LogLine) -> Whose:
        """
        Return who the line is about.
        """
        whose = self._whose(line)
        return Whose.OURS if whose is Whose.UNCLEAR and self.alone else whose

    def _whose(self, line: LogLine) -> Whose:
        calls, named = list(calls_in(line)), list(names_in(line.fields))
        # Under a Direct rule, a call of others may be in the room of ours.
        is_known = any(name in self.names for name in calls or named)
        if is_known or any(self.mark in name or name in self.rooms for name in named):
            return Whose.OURS
        if line.at is None or self._may_be_ours(line.at, named, line.fields):
            return Whose.UNCLEAR
        return Whose.OTHERS

    def _may_be_ours(self, at: float, named: Iterable[str], fields: Mapping[str, Any]) -> bool:
        if at < self.since - _OF_ANOTHER_DAY_S:
            return False
        if named:
            return any(start <= at <= end + NEAR_S for start, end in self.hidden)
        path = _api_path(fields)
        times = self.requests.get(path, ()) if path is not None else (at,)
        return any(abs(at - time) <= NEAR_S for time in times)


def calls_in(line: LogLine) -> Iterator[str]:
    """
    Yield the names of the call that a line is about; a line may have two names of one call.
    """
    yield from names_in(line.fields, _CALLS)


def names_in(
    fields: Mapping[str, Any], keys: frozenset[str] = _IDS, depth: int = _DEEPEST
) -> Iterator[str]:
    """
    Yield the names of calls, rooms, participants and jobs in the fields of a line.
    """
    for key, value in fields.items():
        # JSON has no other mappings, and a comparison with `Mapping` takes ten times as long.
        if isinstance(value, dict):
            if depth:
                yield from names_in(value, keys, depth - 1)
        elif key.lower().replace("_", "") in keys:
            yield from (each for each in _each(value) if isinstance(each, str) and each)


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else (value,)


def _api_path(fields: Mapping[str, Any]) -> str | None:
    """
    Return the path of the API request that a line is about; None for another line.
    """
    service, method, path = (fields.get(name) for name in ("service", "method", "path"))
    if isinstance(path, str):
        # Joins are livekit-sip's or an agent's, and name nobody.
        return path if path.startswith("/twirp/") else None
    return f"/twirp/livekit.{service}/{method}" if service and method else None
