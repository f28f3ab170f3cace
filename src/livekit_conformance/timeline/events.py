"""
Events of a call as each witness saw them, on its own clock: one function for each kind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import KnownLine, Lane, known_line, of_server
from livekit_conformance.catalogue.log_lines import of_sip as of_sip_service
from livekit_conformance.catalogue.milestones import Milestone
from livekit_conformance.observations import (
    AgentAction,
    BusAnswer,
    DispatchMatch,
    HttpExchange,
    LineOfLog,
    Media,
    SipExchange,
    WebhookArrival,
)
from livekit_conformance.protocol.sip.outcome import refused_at
from livekit_conformance.timeline.clocks import OURS
from livekit_conformance.timeline.model import Moment

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
_ANSWERS: Mapping[int, Moment] = MappingProxyType(
    {100: Moment.TRYING, 180: Moment.RINGING, 200: Moment.ANSWERED}
)
# livekit-sip waits for audio from another participant in the room, which is the agent.
_AGENT_LINES = frozenset({of_sip_service.ACCEPTS.message, of_sip_service.AGENT_HEARD.message})
# Milestone that a refusal at a link proves.
_REACHED_BEFORE: Mapping[str, Milestone] = MappingProxyType(
    {Link.CREDENTIALS: Milestone.TRUNK, Link.JOIN: Milestone.DISPATCHED}
)
_CREATE = "CreateSIPParticipant"
_POLLS = frozenset({"ListRooms", "ListParticipants"})
# Methods of the API that are drawn.
_DRAWN = frozenset({*_POLLS, "RemoveParticipant", _CREATE})
_TWIRP_MESSAGE = re.compile(r'"msg"\s*:\s*"((?:[^"\\]|\\.)*)"')
# livekit-sip logs the whole URL of a failed join, and the error after it.
_QUERY = re.compile(r"\?[^\s\"]{40,}")
# A faster poll without an answer was cancelled when its wait ended: it is no failure.
_SLOW_S = 1.0


@dataclass(frozen=True, slots=True)
class Event:
    """
    Event at `at` (seconds after the INVITE) by `clock`.

    `reached` is the milestone that the call has reached by then; `ends` marks the event by which
    the caller learns or declares that the call goes no further. `request` and `status` are those of
    a SIP message, `message` that of a log line. `is_poll` is true for a request that is repeated
    until its answer suits, `is_sound` for what somebody heard.
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
    moment: Moment | None = None
    request: str = ""
    status: int | None = None
    message: str = ""
    is_poll: bool = False
    is_sound: bool = False


def of_sip(seen: SipExchange, began: float, *, is_outbound: bool) -> Event:
    """
    Return the event of a SIP message that the suite sent or received.
    """
    text, status = seen.text, seen.status
    sent = seen.direction == "sent"
    method = _method(text)
    label = sip_label(seen)
    if status is None:
        detail = _first_line(text).rpartition(" ")[0].partition(" ")[2] if label == "INVITE" else ""
        if detail and _CREDENTIALS.search(text):
            detail += " with credentials"
    else:
        detail = "" if method == "INVITE" else f"to {method}"
    refused = status is not None and status >= _FIRST_REFUSAL and method == "INVITE"
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
        moment=_moment(method, status, sent=sent),
        request=label if status is None else "",
        status=status,
    )


def _moment(method: str, status: int | None, *, sent: bool) -> Moment | None:
    if method != "INVITE":
        return None
    if status is None:
        return Moment.INVITED if sent else None
    return None if sent else _ANSWERS.get(status)


def of_wire(seen: SipExchange, began: float) -> Event:
    """
    Return the event of a message that could not be sent, with the operating system's error.
    """
    return Event(seen.at - began, OURS, Lane.CALLER, Lane.CALLER, seen.text, is_problem=True)


def is_invite(seen: SipExchange) -> bool:
    """
    Return whether a message is an INVITE.
    """
    return sip_label(seen) == "INVITE"


def sip_label(seen: SipExchange) -> str:
    """
    Return a SIP message in a few words, like `Message.label`: `INVITE` or `503 Try again later`.
    """
    return _first_line(seen.text).partition(" ")[0 if seen.status is None else 2].rstrip()


def _first_line(text: str) -> str:
    return text.partition("\r\n")[0].partition("\n")[0]


def answers_invite(seen: SipExchange, *, at_least: int = 100) -> bool:
    """
    Return whether a message is a response to an INVITE with a status of `at_least` or higher.
    """
    is_high = seen.status is not None and seen.status >= at_least
    return is_high and _method(seen.text) == "INVITE"


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
    return _REACHED_BEFORE.get(refused_at(status), Milestone.TRYING)


def _reached_outbound(
    label: str, method: str, status: int | None, *, sent: bool
) -> Milestone | None:
    if status is None:
        came = {"INVITE": Milestone.INVITE_CAME, "ACK": Milestone.ACKNOWLEDGED}
        return None if sent else came.get(label)
    # After our refusal nothing more is expected.
    refused = sent and method == "INVITE" and status >= _FIRST_REFUSAL
    return Milestone.ACKNOWLEDGED if refused else None


def of_log(seen: LineOfLog, began: float, callers: Collection[str]) -> Event | None:
    """
    Return the event of a log line; None if its service has no lane.
    """
    if (lane := _LANES.get(seen.service)) is None:
        return None
    line = known_line(seen.service, seen.message) or KnownLine(
        seen.service, seen.message, fields=("participant", "error")
    )
    who = seen.fields.get("participant")
    return Event(
        seen.at - began,
        seen.service,
        line.source or lane,
        line.target or lane,
        f'"{seen.message}"',
        _fields(seen.fields, line.fields),
        is_problem=seen.level in _BAD_LEVELS,
        reached=line.reached or _reached_in_room(seen.message, who, callers),
        moment=Moment.AGENT if seen.message in _AGENT_LINES else None,
        message=seen.message,
    )


def of_webhook(seen: WebhookArrival, began: float, callers: Collection[str]) -> Event:
    """
    Return the event of a webhook delivery by livekit-server, at the time of its arrival.
    """
    detail = " ".join(filter(None, (seen.participant, f"-> {seen.status}", seen.problem)))
    return Event(
        seen.at - began,
        OURS,
        Lane.SERVER,
        Lane.ENDPOINT,
        seen.event or "webhook",
        detail,
        is_problem=bool(seen.problem),
        reached=_reached_in_room(seen.event, seen.participant, callers),
    )


_IN_ROOM: Mapping[str, tuple[Milestone, bool]] = MappingProxyType(
    # Milestone of an event in the room, and whether the caller (True) or somebody else causes it.
    {
        "participant_joined": (Milestone.JOINED, True),
        of_server.ACTIVE.message: (Milestone.JOINED, True),
        "track_published": (Milestone.AGENT, False),
        of_server.TRACK.message: (Milestone.AGENT, False),
        "participant_left": (Milestone.LEFT, True),
        of_server.CLOSING.message: (Milestone.LEFT, True),
    }
)


def _reached_in_room(what: str, who: Any, callers: Collection[str]) -> Milestone | None:
    if what == "room_started":
        return Milestone.DISPATCHED
    if what not in _IN_ROOM or not who:
        return None
    reached, by_caller = _IN_ROOM[what]
    # livekit-sip gives its participant this prefix unless a rule sets another identity.
    is_caller = who in callers or (not callers and str(who).startswith("sip_"))
    return reached if is_caller == by_caller else None


def of_http(seen: HttpExchange, began: float) -> tuple[Event, ...]:
    """
    Return the events of our request about rooms or calls; a call's answer is an event of its own.
    """
    name = seen.url.rpartition("/")[2]
    if name not in _DRAWN:
        return ()
    if seen.status is None and seen.duration_s < _SLOW_S:
        return ()
    is_problem = seen.status != _OK
    answer = seen.error or "" if seen.status is None else str(seen.status)
    asked, answered = seen.at - seen.duration_s - began, seen.at - began
    if name != _CREATE:
        label = f"{name} -> {answer}"
        return (
            Event(
                asked,
                OURS,
                Lane.CALLER,
                Lane.SERVER,
                label,
                is_problem=is_problem,
                is_poll=name in _POLLS,
            ),
        )
    body = _message(seen.body or "") if is_problem else ""
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
    # The rest of a Twirp error repeats the message in base64.
    found = _TWIRP_MESSAGE.search(body)
    return found.group(1) if found else body


def of_agent(seen: AgentAction, began: float) -> Event:
    """
    Return the event of an action of the agent stand-in.
    """
    action = seen.action or _action_in(seen.summary)
    joined = action == "joined"
    took = "" if seen.took_s is None else f"and speaks (took {seen.took_s:.2f} s)"
    return Event(
        seen.at - began,
        OURS,
        Lane.AGENT,
        Lane.SERVER,
        action or "failed",
        seen.error or took,
        is_problem=seen.error is not None,
        reached=Milestone.AGENT if joined else None,
        moment=Moment.AGENT if joined else None,
    )


def _action_in(summary: str) -> str | None:
    """
    Return the action in a summary of version 0.2.0 or older, which recorded it nowhere else.
    """
    match summary.split():
        case ["agent", "joined" | "left" as action, *_]:
            return action
    return None


def of_media(seen: Media, began: float) -> Event:
    """
    Return the event of the media that one side heard, or that livekit-sip counted on both.
    """
    heard = bool(seen.packets or seen.samples)
    lane = _LISTENERS.get(seen.side, Lane.CALLER)
    is_sound = lane is not Lane.SIP
    return Event(
        seen.at - began,
        OURS,
        lane,
        lane,
        "heard" if is_sound else "counted",
        seen.heard or seen.summary,
        is_problem=not heard,
        reached=Milestone.AUDIO if heard and lane is Lane.CALLER else None,
        is_sound=is_sound,
    )


def of_bus(seen: BusAnswer, began: float) -> Event:
    """
    Return the event of the last look at the subscribers of the bus.
    """
    is_empty = seen.subscribers == 0
    return Event(seen.at - began, OURS, Lane.BUS, Lane.BUS, seen.summary, is_problem=is_empty)


def of_dispatch(seen: DispatchMatch, began: float) -> Event:
    """
    Return the event of the match of such a call against the configured trunks and rules.
    """
    return Event(
        seen.at - began,
        OURS,
        Lane.SERVER,
        Lane.SERVER,
        "configured:",
        seen.summary,
        is_problem=seen.rule is None,
    )


def _fields(fields: Mapping[str, Any], names: Collection[str]) -> str:
    text = " ".join(
        f"{name}={fields[name]}" for name in names if fields.get(name) not in (None, "")
    )
    return _QUERY.sub("?...", text)
