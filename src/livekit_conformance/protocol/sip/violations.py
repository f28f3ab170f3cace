"""
Rules of RFC 3261 that a readable message can break, as tables.

Parsing is lenient: what a call can live with is accepted, named here, and held against its sender.
A request that cannot be acted on is refused with the status in its row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from livekit_conformance.protocol.sip.address import NameAddr, SipUri
from livekit_conformance.protocol.sip.dialog import MAGIC_COOKIE
from livekit_conformance.protocol.sip.message import (
    NO_HEADERS,
    Headers,
    Message,
    Request,
    Response,
)
from livekit_conformance.protocol.sip.syntax import SipSyntaxError, number

_TRYING = 100
_LARGEST_MAX_FORWARDS = 255
# Header fields that are no lists, apart from those that parsing wants once.
_SINGLE = ("Content-Type", "Expires", "Date", "Subject", "User-Agent", "Server", "Organization")
_CHALLENGES = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}
_REASONS = {400: "Bad Request", 416: "Unsupported URI Scheme", 420: "Bad Extension"}
_BAD_EXTENSION = 420
# HTTP-date of RFC 1123, which is always in GMT: `Sat, 13 Nov 2010 23:29:00 GMT`
_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")

# absoluteURI = scheme ":" ( hier-part / opaque-part )
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):\S+")
# callid = word [ "@" word ]
_WORD = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]+"
_CALL_ID = re.compile(f"{_WORD}(?:@{_WORD})?")


@dataclass(frozen=True, slots=True)
class SipViolation:
    """
    Flaw of a message, and the section of RFC 3261 that forbids it.
    """

    section: str
    seen: str

    def __str__(self) -> str:
        return f"{self.seen} (RFC 3261 section {self.section})"


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Response with which to refuse a request that cannot be acted on.
    """

    status: int
    headers: Headers = NO_HEADERS

    @property
    def reason(self) -> str:
        """
        The reason phrase.
        """
        return _REASONS[self.status]


def violations(message: Message) -> list[SipViolation]:
    """
    Return what the sender of `message` did against RFC 3261.
    """
    rows = [(section, broken(message)) for section, broken in _OF_ALL]
    if isinstance(message, Request):
        rows += [(section, broken(message)) for section, broken, _ in _OF_REQUESTS]
    else:
        rows += [(section, broken(message)) for section, broken in _OF_RESPONSES]
    return [SipViolation(section, f"{message.label}: {seen}") for section, seen in rows if seen]


def refusal(request: Request) -> Refusal | None:
    """
    Return how to refuse a request that cannot be acted on, else None.

    A request may also require an extension, and we support none (section 8.2.2.3).
    """
    statuses = (status for _, broken, status in _OF_REQUESTS if status and broken(request))
    if status := next(statuses, None):
        return Refusal(status)
    required = request.headers.all("Require")
    if not required or request.method in {"ACK", "CANCEL"}:
        return None
    return Refusal(_BAD_EXTENSION, Headers.of(*(("Unsupported", tags) for tags in required)))


def _call_id(message: Message) -> str | None:
    return None if _CALL_ID.fullmatch(message.call_id) else f"bad Call-ID {message.call_id!r}"


def _record_route(message: Message) -> str | None:
    try:
        for route in message.headers.listed("Record-Route"):
            _ = NameAddr.parse(route).sip_uri
    except SipSyntaxError as error:
        return f"Record-Route is unreadable: {error}"
    return None


def _repeated_header(message: Message) -> str | None:
    repeated = (name for name in _SINGLE if len(message.headers.all(name)) > 1)
    name = next(repeated, None)
    return None if name is None else f"{name} stands more than once"


def _untyped_body(message: Message) -> str | None:
    untyped = message.body and "Content-Type" not in message.headers
    return "a body without Content-Type" if untyped else None


def _date(message: Message) -> str | None:
    wrong = (date for date in message.headers.all("Date") if _DATE.fullmatch(date) is None)
    date = next(wrong, None)
    return None if date is None else f"Date is no time in GMT: {date!r}"


def _max_forwards(request: Request) -> str | None:
    values = request.headers.all("Max-Forwards")
    if len(values) != 1:
        return f"Max-Forwards stands {len(values)} times instead of once"
    try:
        number(values[0], "Max-Forwards", largest=_LARGEST_MAX_FORWARDS)
    except SipSyntaxError as error:
        return str(error)
    return None


def _from_tag(request: Request) -> str | None:
    return None if request.from_.tag else "From has no tag"


def _branch(request: Request) -> str | None:
    branch = request.via.branch or ""
    is_unique = branch.startswith(MAGIC_COOKIE) and branch != MAGIC_COOKIE
    return None if is_unique else f"no branch of RFC 3261: {branch!r}"


def _repeated_parameter(message: Message) -> str | None:
    for header in (message.via, message.from_, message.to):
        names = Counter(name.lower() for name, _ in header.parameters)
        if twice := [name for name, count in names.items() if count > 1]:
            return f"parameter {twice[0]} stands more than once in {str(header)!r}"
    return None


def _request_uri(request: Request) -> str | None:
    uri = _URI.fullmatch(request.uri)
    try:
        if uri is None or uri["scheme"].lower() in {"sip", "sips"}:
            headers = SipUri.parse(request.uri).headers
            return None if headers is None else f"Request-URI has headers: {request.uri!r}"
    except SipSyntaxError as error:
        return f"Request-URI is unreadable: {error}"
    return None


def _scheme(request: Request) -> str | None:
    uri = _URI.fullmatch(request.uri)
    known = uri is None or uri["scheme"].lower() in {"sip", "sips", "tel"}
    return None if known else f"Request-URI of an unknown scheme: {request.uri!r}"


def _first_contact(request: Request) -> str | None:
    is_first = request.method == "INVITE" and request.to.tag is None
    return _unusable_contact(request) if is_first else None


def _contact_within(request: Request) -> str | None:
    is_refresh = request.method == "INVITE" and request.to.tag is not None
    return _unusable_contact(request) if is_refresh else None


def _contact_of_answer(response: Response) -> str | None:
    is_answer = response.is_success and response.cseq.method == "INVITE"
    return _unusable_contact(response) if is_answer else None


def _unusable_contact(message: Message) -> str | None:
    try:
        if message.contact is None:
            return "no Contact"
        _ = message.contact.sip_uri
    except SipSyntaxError as error:
        return f"Contact is unreadable: {error}"
    return None


def _to_tag(response: Response) -> str | None:
    has_tag = response.status == _TRYING or response.to.tag
    return None if has_tag else "To has no tag"


def _vias(response: Response) -> str | None:
    count = len(response.headers.listed("Via"))
    return None if count == 1 else f"{count} Via values instead of one"


def _challenge(response: Response) -> str | None:
    header = _CHALLENGES.get(response.status)
    return None if header is None or header in response.headers else f"no {header}"


_OF_ALL: tuple[tuple[str, Callable[[Message], str | None]], ...] = (
    ("20.8", _call_id),
    ("20.30", _record_route),
    ("20.15", _untyped_body),
    ("7.3.1", _repeated_header),
    ("20.17", _date),
)
_OF_REQUESTS: tuple[tuple[str, Callable[[Request], str | None], int | None], ...] = (
    ("8.1.1.6", _max_forwards, None),
    ("8.1.1.3", _from_tag, None),
    ("8.1.1.7", _branch, None),
    # Which of two tags or branches identifies the dialog or transaction, the other side may see
    # otherwise.
    ("7.3.1", _repeated_parameter, 400),
    ("19.1.1", _request_uri, 400),
    ("8.2.2.1", _scheme, 416),
    # Without it nothing can be sent to the caller; within a dialog the old one stays valid.
    ("8.1.1.8", _first_contact, 400),
    ("12.2.1.1", _contact_within, None),
)
_OF_RESPONSES: tuple[tuple[str, Callable[[Response], str | None]], ...] = (
    ("7.3.1", _repeated_parameter),
    ("8.1.3.3", _vias),
    ("8.2.6.2", _to_tag),
    ("12.1.1", _contact_of_answer),
    ("20, table 3", _challenge),
)
