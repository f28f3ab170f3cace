"""
Decide whether a line reports a failure, and which link it tells of, known or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import ALL, KnownLine, Means, errors, known_line
from livekit_conformance.catalogue.log_lines.line import SERVER, SIP
from livekit_conformance.protocol.logline import ALARMING, LogLine

_ERRORS: Final = ("error", "err")
# Values of `reason` and `result` in lines about calls that end well: LiveKit's own words for a
# participant that leaves, and livekit-sip's for a call.
_GOOD: Final = re.compile(
    r"^(success|hangup|bye|cancell?ed|removed|rpc|normal|unknown_?reason|client_?initiated"
    r"|client_request_leave|participant_removed|room_deleted|room_closed|.*idle.*|.*timeout)?$",
    re.IGNORECASE,
)
# Errors of a side that goes on for a moment after the other one has ended the call.
_PARTING: Final = re.compile(
    r"(context|request) cancell?ed|closed (peer |network )?connection|stream closed|close sent"
    r"|signal transport is not connected|broken pipe|state=Closed|ICEAgent does not exist"
    r"|agent is closed"
)
# Means of lines that report no failure whatever their level, unless a field of theirs tells one.
_NEVER: Final = frozenset(
    {
        *(Means.NOISE, Means.CLOCK, Means.PARTING, Means.HARMLESS, Means.ANSWER),
        *(Means.OUTCOME, Means.START),
    }
)
# Messages of lines below warning level that may report a failure; others have an error.
MAY_TELL: Final = tuple(
    line.message for line in ALL if line.telling is not None or line.means is Means.FAILURE
)
HAS_ERROR: Final = re.compile(rb'"err(?:or)?": ?"')

# Link of an error, whoever logs it.
_OF_ERRORS: Final[Mapping[str, Link]] = {
    errors.NO_RESPONSE: Link.BUS,
    errors.NO_CODEC: Link.OFFER,
    errors.NO_CRYPTO: Link.OFFER,
    errors.NO_RTP_PORT: Link.OFFER,
    errors.NO_ICE: Link.WEBRTC,
    errors.NO_NODE: Link.NODE,
}
# Link of the logger and the source file of a line, by what both together begin with or hold.
_OF_SIP: Final[tuple[tuple[re.Pattern[str], Link], ...]] = (
    (re.compile(r"^sip\.pion|\bpion/"), Link.WEBRTC),
    (re.compile(r" redis/| service/psrpc"), Link.BUS),
    (re.compile(r" (sip/media|sip/signal_logger|rtpconn/|opus/)"), Link.MEDIA),
    (re.compile(r" (sip/room|signalling/|v\d@\S+/(engine|room|signal))"), Link.JOIN),
    (re.compile(r" (sip/server|sip/tls|transport/)"), Link.SIP_SOCKET),
    (re.compile(r" sip/(outbound|client)"), Link.OUTBOUND),
)
_OF_SERVER: Final[tuple[tuple[re.Pattern[str], Link], ...]] = (
    (re.compile(r"webhook"), Link.DELIVERY),
    (re.compile(r"^livekit\.agents?\b| agent/"), Link.AGENT),
    (re.compile(r"psrpc\.SIPInternal"), Link.BUS_SIP),
    (re.compile(r"psrpc\.|psrpc/| redis/"), Link.BUS),
    (re.compile(r"^livekit\.(transport|pion)|pion/| rtc/transport"), Link.WEBRTC),
    (re.compile(r" service/(sip|ioservice)"), Link.OUTBOUND),
)
# The fields that livekit-sip adds to the lines of an inbound call on its way: a line that has the
# field was written at this link or later.
_ON_THE_WAY: Final[tuple[tuple[str, Link], ...]] = (
    ("participantID", Link.ANSWER),
    ("room", Link.JOIN),
    ("sipRule", Link.OFFER),
    ("jitterBuf", Link.DISPATCH),
    ("passwordHash", Link.CREDENTIALS),
    ("sipTrunk", Link.DISPATCH),
)
_UNAUTHORIZED: Final = "401"


def reports_failure(service: str, line: LogLine) -> bool:
    """
    Return whether a line reports a failure: a warning, an error, or a field that holds none well.
    """
    known = known_line(service, line.message)
    if known is not None and known.telling is not None and _told(known, line):
        return True
    if known is not None and known.means in _NEVER:
        return False
    if known is not None and known.means in {Means.FAILURE, Means.LAST_WORDS}:
        return True
    if _PARTING.search(f"{line.message} {line.error}"):
        return False
    if line.level in ALARMING or line.dialect == "text":
        return True
    return known is None and any(_signs_of_failure(line.fields))


def failed_link(
    service: str, line: LogLine, is_caller: Callable[[str], bool] = lambda _: False
) -> Link | None:
    """
    Return the link that a line reports broken, None if it reports none.

    A line of every call may show by a field that the call failed, but not where.
    """
    if not reports_failure(service, line):
        return None
    known = known_line(service, line.message)
    if known is not None and known.means in _NEVER:
        return _link_of_known(known, line)
    return link_of(service, line, is_caller)


def link_of(
    service: str, line: LogLine, is_caller: Callable[[str], bool] = lambda _: False
) -> Link:
    """
    Return the link that a line tells of: that of the known line, else of its error, its logger and
    source file, else the one that its call or request had come to.

    `is_caller` recognises the identity of the participant that is the caller.
    """
    known = known_line(service, line.message)
    if known is not None and (link := _link_of_known(known, line)) is not None:
        return link
    text = " ".join(filter(None, (line.message, *_texts(line.fields))))
    for error, link in _OF_ERRORS.items():
        if error in text:
            return link
    origin = f"{line.fields.get('logger', '')} {line.fields.get('caller', '')}"
    if service == SIP:
        return _first(_OF_SIP, origin) or _on_the_way(line.fields)
    if service == SERVER:
        return _first(_OF_SERVER, origin) or _at_the_server(line.fields, is_caller)
    return Link.ENDPOINT


def _told(known: KnownLine, line: LogLine) -> bool:
    return known.telling is not None and known.telling.matches(line.fields.get(known.telling.field))


def _signs_of_failure(fields: Mapping[str, Any]) -> Iterator[bool]:
    yield from (bool(fields.get(name)) for name in _ERRORS)
    for name in ("reason", "result"):
        yield _GOOD.match(str(fields.get(name) or "")) is None


def _link_of_known(known: KnownLine, line: LogLine) -> Link | None:
    telling = known.telling
    if telling is not None and telling.links:
        value = str(line.fields.get(telling.field) or "")
        return telling.links.get(value, known.link)
    return known.link


def _texts(fields: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(fields[name]) for name in _ERRORS if fields.get(name))


def _first(table: tuple[tuple[re.Pattern[str], Link], ...], origin: str) -> Link | None:
    return next((link for pattern, link in table if pattern.search(origin)), None)


def _on_the_way(fields: Mapping[str, Any]) -> Link:
    if fields.get("direction") == "outbound":
        return Link.OUTBOUND
    if "sipCallID" not in fields and "callID" not in fields:
        return Link.SIP_SOCKET
    return next((link for name, link in _ON_THE_WAY if fields.get(name) is not None), Link.TRUNK)


def _at_the_server(fields: Mapping[str, Any], is_caller: Callable[[str], bool]) -> Link:
    path = str(fields.get("path") or "")
    if path.startswith("/twirp/"):
        is_key = str(fields.get("status")) == _UNAUTHORIZED
        return Link.API_KEY if is_key else Link.ROOMS
    participant = fields.get("participant")
    if path.startswith("/rtc") or (isinstance(participant, str) and is_caller(participant)):
        return Link.JOIN
    if participant:
        return Link.AGENT
    return Link.ROOM_LIFE if fields.get("room") else Link.SERVER
