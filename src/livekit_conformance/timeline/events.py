"""
What each witness saw of a call, as events on its own clock: one function for each kind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from livekit_conformance.catalogue.log_lines import LINES, Lane, LineMeaning
from livekit_conformance.catalogue.milestones import Milestone
from livekit_conformance.observations import Observation
from livekit_conformance.timeline.clocks import OURS

_LISTENERS = {"agent": Lane.AGENT, "livekit-sip": Lane.SIP}
_LANES: Mapping[str, Lane] = MappingProxyType(
    {
        "livekit-sip": Lane.SIP,
        "livekit-server": Lane.SERVER,
        "application": Lane.ENDPOINT,
    }
)
_BAD_LEVELS = frozenset({"warn", "error", "dpanic", "panic", "fatal"})
_METHOD = re.compile(r"^CSeq\s*:\s*\d+\s+(\w+)", re.IGNORECASE | re.MULTILINE)
_CREDENTIALS = re.compile(r"^(?:Proxy-)?Authorization\s*:", re.IGNORECASE | re.MULTILINE)
_CHALLENGES = frozenset({401, 407})
_RINGING, _OK, _FIRST_REFUSAL, _REQUEST_TERMINATED = 180, 200, 300, 487
# What the status alone says of the way that the call has come (protocol/sip/outcome.py).
_REACHED_BY_STATUS: Mapping[int, Milestone] = MappingProxyType(
    {401: Milestone.TRUNK, 407: Milestone.TRUNK, 486: Milestone.DISPATCHED}
)
_OUR_CALLS = re.compile(
    r"/livekit\.(?:RoomService/(?:ListRooms|ListParticipants|RemoveParticipant)"
    r"|SIP/CreateSIPParticipant)$"
)
_CREATE = "CreateSIPParticipant"
_TWIRP_MESSAGE = re.compile(r'"msg"\s*:\s*"((?:[^"\\]|\\.)*)"')
# livekit-sip tells the whole URL of a join that failed, and what is wrong after it.
_QUERY = re.compile(r"\?[^\s\"]{40,}")
# A poll that was called off by its end is no failure.
_SLOW_S = 1.0


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something that happened at `at` (seconds after the INVITE) by `clock`.

    `reached` is how far the call has come then; `ends` is set where the caller learns or says that
    it will not come further.
    """

    at: float
    clock: str
    source: Lane
    target: Lane
    label: str
    detail: str = ""
    is_problem: bool = False
    reached: Milestone | None = None
    ends: bool = False


def of_sip(seen: Observation, began: float, *, is_outbound: bool) -> Event:
    """
    A SIP message that the suite sent or received.
    """
    told = seen.details
    text, status = str(told.get("text", "")), told.get("status")
    sent = told.get("direction") == "sent"
    method = _method(text)
    label = seen.summary.partition(" ")[2]
    first = text.partition("\r\n")[0].partition("\n")[0]
    if status is None:
        detail = first.partition(" ")[2].rpartition(" ")[0] if label == "INVITE" else ""
        if detail and _CREDENTIALS.search(text):
            detail += " with credentials"
    else:
        detail = "" if method == "INVITE" else f"to {method}"
    refused = isinstance(status, int) and status >= _FIRST_REFUSAL and method == "INVITE"
    reached = _reached_outbound if is_outbound else _reached_inbound
    return Event(
        seen.at - began,
        OURS,
        *((Lane.CALLER, Lane.SIP) if sent else (Lane.SIP, Lane.CALLER)),
        label,
        detail,
        is_problem=refused and not sent and status not in {*_CHALLENGES, _REQUEST_TERMINATED},
        reached=reached(label, method, status, sent=sent),
        ends=not is_outbound
        and ((refused and not sent and status not in _CHALLENGES) or (sent and label == "CANCEL")),
    )


def of_wire(seen: Observation, began: float) -> Event:
    """
    A message that could not be sent, in the words of the system.
    """
    text = str(seen.details.get("text", ""))
    return Event(seen.at - began, OURS, Lane.CALLER, Lane.CALLER, text, is_problem=True)


def is_invite(seen: Observation) -> bool:
    """
    Whether a message is an INVITE.
    """
    return seen.summary.partition(" ")[2] == "INVITE"


def answers_invite(seen: Observation, *, at_least: int = 100) -> bool:
    """
    Whether a message is a response to an INVITE, of this status or a higher one.
    """
    status = seen.details.get("status")
    is_high = isinstance(status, int) and status >= at_least
    return is_high and _method(str(seen.details.get("text", ""))) == "INVITE"


def _method(text: str) -> str:
    found = _METHOD.search(text)
    return found.group(1).upper() if found else ""


def _reached_inbound(
    label: str, method: str, status: int | None, *, sent: bool
) -> Milestone | None:
    if status is None:
        wanted = {"INVITE": Milestone.INVITED} if sent else {"BYE": Milestone.HUNG_UP}
        return wanted.get(label)
    if sent or method == "BYE":
        return None if sent else Milestone.HUNG_UP
    if method != "INVITE":
        return None
    if _OK <= status < _FIRST_REFUSAL:
        return Milestone.ANSWERED
    if _RINGING <= status < _OK:
        return Milestone.CREDENTIALS
    return _REACHED_BY_STATUS.get(status, Milestone.TRYING)


def _reached_outbound(
    label: str, method: str, status: int | None, *, sent: bool
) -> Milestone | None:
    if status is None:
        came = {"INVITE": Milestone.INVITE_CAME, "ACK": Milestone.ACKNOWLEDGED}
        return None if sent else came.get(label)
    # After a refusal of ours nothing more is expected.
    refused = sent and method == "INVITE" and status >= _FIRST_REFUSAL
    return Milestone.ACKNOWLEDGED if refused else None


def of_log(seen: Observation, began: float, callers: Collection[str]) -> Event | None:
    """
    A log line; None when it tells nothing that could be drawn.
    """
    told = seen.details
    service, message = str(told.get("service", "")), str(told.get("message", ""))
    if (lane := _LANES.get(service)) is None:
        return None
    line = LINES.get(service, {}).get(message) or LineMeaning(fields=("participant", "error"))
    is_bad = told.get("level") in _BAD_LEVELS
    return Event(
        seen.at - began,
        service,
        line.source or lane,
        line.target or lane,
        f'"{message}"',
        _fields(told, line.fields),
        is_problem=is_bad,
        reached=line.reached or _reached_in_room(message, told.get("participant"), callers),
    )


def of_webhook(seen: Observation, began: float, callers: Collection[str]) -> Event:
    """
    A delivery of livekit-server, at the moment of its arrival.
    """
    told = seen.details
    event, who, status = str(told.get("event", "")), told.get("participant"), told.get("status")
    problem = told.get("problem")
    detail = " ".join(filter(None, (who, f"-> {status}", problem)))
    return Event(
        seen.at - began,
        OURS,
        Lane.SERVER,
        Lane.ENDPOINT,
        event or "webhook",
        detail,
        is_problem=bool(problem),
        reached=_reached_in_room(event, who, callers),
    )


_IN_ROOM: Mapping[str, tuple[Milestone, bool]] = MappingProxyType(
    # What the caller (True) or somebody else does in the room.
    {
        "participant_joined": (Milestone.JOINED, True),
        "participant active": (Milestone.JOINED, True),
        "track_published": (Milestone.AGENT, False),
        "mediaTrack published": (Milestone.AGENT, False),
        "participant_left": (Milestone.LEFT, True),
        "participant closing": (Milestone.LEFT, True),
    }
)


def _reached_in_room(what: str, who: Any, callers: Collection[str]) -> Milestone | None:
    if what == "room_started":
        return Milestone.DISPATCHED
    if what not in _IN_ROOM or not who:
        return None
    reached, by_caller = _IN_ROOM[what]
    # Unless a rule says otherwise, livekit-sip calls itself so.
    is_caller = who in callers or (not callers and str(who).startswith("sip_"))
    return reached if is_caller == by_caller else None


def of_http(seen: Observation, began: float) -> tuple[Event, ...]:
    """
    A request of ours about rooms or calls; that for a call is told with its answer apart.
    """
    told = seen.details
    url = str(told.get("url", ""))
    if not _OUR_CALLS.search(url):
        return ()
    name, status = url.rpartition("/")[2], told.get("status")
    took = float(told.get("duration_s") or 0.0)
    if status is None and took < _SLOW_S:
        return ()
    is_problem = status != _OK
    answer = str(told.get("error") or "") if status is None else str(status)
    asked, answered = seen.at - took - began, seen.at - began
    if name != _CREATE:
        label = f"{name} -> {answer}"
        return (Event(asked, OURS, Lane.CALLER, Lane.SERVER, label, is_problem=is_problem),)
    body = _message(str(told.get("body") or "")) if is_problem else ""
    return (
        Event(asked, OURS, Lane.CALLER, Lane.SERVER, name, reached=Milestone.ASKED),
        Event(
            answered,
            OURS,
            Lane.SERVER,
            Lane.CALLER,
            f"{name} -> {answer}",
            body,
            is_problem=is_problem,
        ),
    )


def _message(body: str) -> str:
    # The rest of a Twirp error is the same once more, in base64.
    found = _TWIRP_MESSAGE.search(body)
    return found.group(1) if found else body


def of_agent(seen: Observation, began: float) -> Event:
    """
    What the agent stand-in did.
    """
    what = seen.summary.removeprefix("agent ")
    joined = what.startswith("joined")
    return Event(
        seen.at - began,
        OURS,
        Lane.AGENT,
        Lane.SERVER,
        what.partition(" ")[0],
        " ".join(what.split()[2:]),
        is_problem="error" in seen.details,
        reached=Milestone.AGENT if joined else None,
    )


def of_media(seen: Observation, began: float) -> Event:
    """
    What one side heard, or what livekit-sip counted of both.
    """
    told = seen.details
    heard = bool(told.get("packets") or told.get("samples"))
    lane = _LISTENERS.get(told.get("side", ""), Lane.CALLER)
    label, between = ("counted", " got ") if lane is Lane.SIP else ("heard", " heard ")
    return Event(
        seen.at - began,
        OURS,
        lane,
        lane,
        label,
        seen.summary.partition(between)[2],
        is_problem=not heard,
        reached=Milestone.AUDIO if heard and lane is Lane.CALLER else None,
    )


def of_bus(seen: Observation, began: float) -> Event:
    """
    Who listened on the bus, when it was looked at last.
    """
    is_empty = seen.details.get("subscribers") == 0
    return Event(seen.at - began, OURS, Lane.BUS, Lane.BUS, seen.summary, is_problem=is_empty)


def of_dispatch(seen: Observation, began: float) -> Event:
    """
    What the configured trunks and rules make of such a call.
    """
    return Event(
        seen.at - began,
        OURS,
        Lane.SERVER,
        Lane.SERVER,
        "configured:",
        seen.summary,
        is_problem="no rule take" in seen.summary,
    )


def _fields(told: Mapping[str, Any], names: Collection[str]) -> str:
    text = " ".join(f"{name}={told[name]}" for name in names if told.get(name) not in (None, ""))
    return _QUERY.sub("?...", text)
