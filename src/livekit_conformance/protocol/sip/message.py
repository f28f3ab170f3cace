"""
SIP messages as values: requests and responses, their headers, and conversion to and from bytes.

Source: RFC 3261 sections 7, 18.3, 20 and 25. Bytes enter only through `parse` (datagrams) or
`StreamParser` (TCP); both either return a message or raise `SipSyntaxError`, nothing else.
A parsed message has well-formed Via, From, To, Call-ID and CSeq headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from livekit_conformance.protocol.sip.address import NameAddr, SipUri, Via
from livekit_conformance.protocol.sip.syntax import (
    Parameters,
    SipSyntaxError,
    checked_line,
    is_token,
    number,
    split_outside_quotes,
)

__all__ = [
    "NO_HEADERS",
    "CSeq",
    "Headers",
    "Message",
    "NameAddr",
    "Parameters",
    "Request",
    "Response",
    "SipSyntaxError",
    "SipUri",
    "StreamParser",
    "Via",
    "parse",
]

VERSION = "SIP/2.0"
LARGEST_HEAD = 64 * 1024
LARGEST_BODY = 1024 * 1024
_MOST_HEADER_LINES = 1000
# CSeq = 1*DIGIT LWS Method, the number less than 2**31 (section 8.1.1.5)
_LARGEST_CSEQ = 2**31 - 1
_STATUSES = range(100, 700)

# Compact forms, section 7.3.3 and the IANA registry that extends it.
COMPACT_FORMS = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}

_END_OF_HEAD = b"\r\n\r\n"
_EMPTY_LINES = re.compile(rb"[\r\n]+")
# Request-Line = Method SP Request-URI SP SIP-Version CRLF
_REQUEST_LINE = re.compile(r"(?P<method>[^ ]+) (?P<uri>[^ ]+) (?P<version>[^ ]+)")
# LWS = [ *WSP CRLF ] 1*WSP, where it spans lines: such a line continues the one before it
_FOLD = re.compile(r"(?<![ \t])[ \t]*(?:\r\n[ \t]+)+")
# Status-Line = SIP-Version SP Status-Code SP Reason-Phrase CRLF, where the phrase may be empty
_STATUS_LINE = re.compile(r"(?P<version>SIP/[^ ]*) (?P<status>[0-9]{3}) (?P<reason>.*)")


# A name is looked up dozens of times, and messages have few.
@lru_cache(maxsize=256)
def _known(name: str) -> str:
    lower = name.lower()
    return COMPACT_FORMS.get(lower, lower)


@dataclass(frozen=True, slots=True)
class Headers:
    """
    Header fields in order; names compare case-insensitively, compact forms equal their long forms.

    Raises SipSyntaxError: a name is not a token, or a value would break out of its line.
    """

    fields: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name, value in self.fields:
            if not is_token(name):
                raise SipSyntaxError(f"not a header name: {name!r}")
            checked_line(value, f"header {name}")

    @classmethod
    def of(cls, *fields: tuple[str, object]) -> Headers:
        """
        Return headers from pairs of a name and an object whose string form is the value.
        """
        return cls(tuple((name, str(value)) for name, value in fields))

    def get(self, name: str) -> str | None:
        """
        Return the value of the first field of that name.
        """
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """
        Return the values of all fields of that name, one per line.
        """
        wanted = _known(name)
        return [value for key, value in self.fields if _known(key) == wanted]

    def listed(self, name: str) -> list[str]:
        """
        Return the values of a comma-separated header from all its lines (section 7.3.1).

        Not for Authorization and similar headers, whose commas separate something else.

        Raises SipSyntaxError: a quote or a bracket is left open.
        """
        return [part for value in self.all(name) for part in split_outside_quotes(value, ",")]

    def one(self, name: str) -> str:
        """
        Return the value of a header that occurs exactly once.

        Raises SipSyntaxError: it is missing or occurs more than once.
        """
        values = self.all(name)
        if len(values) != 1:
            raise SipSyntaxError(f"header {name} stands {len(values)} times instead of once")
        return values[0]

    def adding(self, *fields: tuple[str, object]) -> Headers:
        """
        Return these headers with `fields` appended.
        """
        return Headers((*self.fields, *Headers.of(*fields).fields))

    def replacing(self, name: str, value: object) -> Headers:
        """
        Return these headers with one `name`, in the place of the first of that name or at the end.
        """
        fields: list[tuple[str, str]] = []
        pair: tuple[str, str] | None = (name, str(value))
        for key, old in self.fields:
            if _known(key) != _known(name):
                fields.append((key, old))
            elif pair:
                fields.append(pair)
                pair = None
        return Headers((*fields, *([pair] if pair else [])))

    def without(self, *names: str) -> Headers:
        """
        Return these headers without any of `names`.
        """
        gone = {_known(name) for name in names}
        return Headers(tuple(pair for pair in self.fields if _known(pair[0]) not in gone))

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)


NO_HEADERS = Headers()


@dataclass(frozen=True, slots=True)
class CSeq:
    """
    Command sequence: the number orders requests of a dialog, the method tells CANCEL from INVITE.
    """

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """
        Parse `314159 INVITE`.

        Raises SipSyntaxError: it is not a number and a method.
        """
        digits, _, method = text.partition(" ")
        if not is_token(method.strip()):
            raise SipSyntaxError(f"not a CSeq: {text!r}")
        return cls(number(digits, "CSeq", largest=_LARGEST_CSEQ), method.strip())

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class _Message:
    """
    Common part of requests and responses.
    """

    __slots__ = ()

    headers: Headers
    body: bytes

    @property
    def start_line(self) -> str:
        """
        The first line, without its line end.
        """
        raise NotImplementedError

    @property
    def label(self) -> str:
        """
        The message in a few words: `INVITE` or `503 Try again later`.
        """
        raise NotImplementedError

    @property
    def via(self) -> Via:
        """
        The topmost Via.
        """
        vias = self.headers.listed("Via")
        if not vias:
            raise SipSyntaxError("header Via is missing")
        return Via.parse(vias[0])

    @property
    def from_(self) -> NameAddr:
        """
        The caller of the request; its tag is the requesting side's half of the dialog.
        """
        return NameAddr.parse(self.headers.one("From"))

    @property
    def to(self) -> NameAddr:
        """
        The callee of the request; it has no tag until that side adds one.
        """
        return NameAddr.parse(self.headers.one("To"))

    @property
    def call_id(self) -> str:
        """
        The Call-ID.
        """
        return self.headers.one("Call-ID")

    @property
    def cseq(self) -> CSeq:
        """
        The parsed CSeq.
        """
        return CSeq.parse(self.headers.one("CSeq"))

    @property
    def contact(self) -> NameAddr | None:
        """
        The first Contact: the target of the next request of the dialog.

        None if there is none, or if it is the `*` with which a REGISTER removes all registrations.

        Raises SipSyntaxError: it is unreadable.
        """
        contacts = self.headers.listed("Contact")
        return NameAddr.parse(contacts[0]) if contacts and contacts != ["*"] else None

    def to_bytes(self) -> bytes:
        """
        Return the message as it goes on the wire, with the Content-Length of its body.
        """
        headers = self.headers.replacing("Content-Length", len(self.body))
        lines = [self.start_line, *(f"{name}: {value}" for name, value in headers), "", ""]
        return "\r\n".join(lines).encode() + self.body

    @property
    def text(self) -> str:
        """
        The whole message in readable form; bytes that are not UTF-8 are escaped.
        """
        return self.to_bytes().decode("utf-8", "backslashreplace").replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """
    A request: method, Request-URI as text, headers and body.

    Raises SipSyntaxError: method or URI cannot stand in a request line.
    """

    method: str
    uri: str
    headers: Headers = NO_HEADERS
    body: bytes = b""

    def __post_init__(self) -> None:
        if not is_token(self.method):
            raise SipSyntaxError(f"not a method: {self.method!r}")
        if not self.uri or re.search(r"\s", checked_line(self.uri, "Request-URI")):
            raise SipSyntaxError(f"not a Request-URI: {self.uri!r}")

    @property
    def start_line(self) -> str:
        """
        Request-Line.
        """
        return f"{self.method} {self.uri} {VERSION}"

    @property
    def label(self) -> str:
        """
        The method; one of digits would read as a status.
        """
        return f"method {self.method}" if self.method.isdigit() else self.method

    def with_headers(self, headers: Headers) -> Request:
        """
        Return the same request with other headers.
        """
        return replace(self, headers=headers)


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """
    A response: status code, reason phrase, headers and body.

    Raises SipSyntaxError: the status is not in 100-699, or the phrase would break out of its line.
    """

    status: int
    reason: str
    headers: Headers = NO_HEADERS
    body: bytes = b""

    def __post_init__(self) -> None:
        if self.status not in _STATUSES:
            raise SipSyntaxError(f"not a status: {self.status}")
        checked_line(self.reason, "reason phrase")

    @property
    def start_line(self) -> str:
        """
        Status-Line.
        """
        return f"{VERSION} {self.status} {self.reason}"

    @property
    def label(self) -> str:
        """
        Status and reason phrase.
        """
        return f"{self.status} {self.reason}".rstrip()

    @property
    def is_provisional(self) -> bool:
        """
        True for a 1xx: the final response is still to come.
        """
        return self.status < 200  # noqa: PLR2004  the class of a status is its first digit

    @property
    def is_success(self) -> bool:
        """
        True for a 2xx.
        """
        return 200 <= self.status < 300  # noqa: PLR2004  the class of a status is its first digit

    def with_headers(self, headers: Headers) -> Response:
        """
        Return the same response with other headers.
        """
        return replace(self, headers=headers)


Message = Request | Response


def parse(datagram: bytes) -> Message:
    """
    Parse the message that fills a datagram.

    Without Content-Length the body is the rest of the datagram; bytes after the stated length
    are dropped, a body shorter than stated is an error (section 18.3). Empty lines before the
    message are skipped (section 7.5).

    Raises SipSyntaxError: it is not a SIP message.
    """
    head, separator, rest = datagram.lstrip(b"\r\n").partition(_END_OF_HEAD)
    if not separator:
        raise SipSyntaxError("no empty line after the headers")
    start_line, headers = _read_head(head)
    length = _content_length(headers)
    if length is not None and length > len(rest):
        raise SipSyntaxError(f"body of {len(rest)} bytes is shorter than Content-Length {length}")
    return _message(start_line, headers, rest if length is None else rest[:length])


def _read_head(head: bytes) -> tuple[str, Headers]:
    if len(head) > LARGEST_HEAD:
        raise SipSyntaxError(f"head of {len(head)} bytes is longer than {LARGEST_HEAD}")
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        raise SipSyntaxError(f"head is not UTF-8: {error}") from error
    start_line, _, fields = text.partition("\r\n")
    if fields.startswith((" ", "\t")):
        raise SipSyntaxError("the start line is folded")
    lines = _FOLD.sub(" ", fields).split("\r\n") if fields else []
    if len(lines) > _MOST_HEADER_LINES:
        raise SipSyntaxError(f"{len(lines)} header lines are more than {_MOST_HEADER_LINES}")
    return start_line, Headers(tuple(map(_header_field, lines)))


def _header_field(line: str) -> tuple[str, str]:
    # header = field-name HCOLON field-value, HCOLON = *( SP / HTAB ) ":" SWS
    name, colon, value = line.partition(":")
    if not colon:
        raise SipSyntaxError(f"header line without a colon: {line!r}")
    return name.rstrip(" \t"), value.strip(" \t")


def _content_length(headers: Headers) -> int | None:
    if "Content-Length" not in headers:
        return None
    return number(headers.one("Content-Length"), "Content-Length", largest=LARGEST_BODY)


def _message(start_line: str, headers: Headers, body: bytes) -> Message:
    line = _STATUS_LINE.fullmatch(start_line) or _REQUEST_LINE.fullmatch(start_line)
    if line is None:
        raise SipSyntaxError(f"neither a request nor a status line: {start_line!r}")
    version = line["version"]
    message: Message
    if line.re is _STATUS_LINE:
        message = Response(int(line["status"]), line["reason"], headers, body)
    else:
        message = Request(line["method"], line["uri"], headers, body)
    if version.upper() != VERSION:
        raise SipSyntaxError(f"version {version!r} is not {VERSION}")
    _check_identity(message)
    return message


def _check_identity(message: Message) -> None:
    # Without these headers a message can be matched to no transaction or dialog.
    _ = message.via, message.from_, message.to
    if not message.call_id:
        raise SipSyntaxError("Call-ID is empty")
    cseq = message.cseq
    if isinstance(message, Request) and cseq.method != message.method:
        raise SipSyntaxError(f"CSeq says {cseq.method}, the request line {message.method}")


class StreamParser:
    """
    Split a TCP stream into messages by Content-Length, RFC 3261 section 18.3.

    Feed bytes as they arrive and take messages until there is none. Empty lines between messages,
    which peers send to keep the connection open, are dropped. After an error the message boundaries
    are lost: the connection must be closed.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        # The bytes at the beginning of the buffer that hold no end of a head.
        self._searched = 0
        # The head of the message whose body is still to come: start line, headers, body length.
        self._head: tuple[str, Headers, int] | None = None

    def feed(self, data: bytes) -> None:
        """
        Append bytes read from the connection.
        """
        self._buffer += data

    @property
    def unfinished(self) -> bytes:
        """
        The beginning of a message whose rest has not arrived.
        """
        if self._head is None:
            return bytes(self._buffer.lstrip(b"\r\n"))
        start_line, headers, _ = self._head
        lines = (start_line, *(f"{name}: {value}" for name, value in headers.fields), "", "")
        return "\r\n".join(lines).encode() + self._buffer

    def next_message(self) -> Message | None:
        """
        Return the next complete message, or None until more bytes have arrived.

        Raises SipSyntaxError: it is not a SIP message, has no Content-Length, or is too large.
        """
        self._head = self._head or self._next_head()
        if self._head is None:
            return None
        start_line, headers, length = self._head
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._head = None
        return _message(start_line, headers, body)

    def _next_head(self) -> tuple[str, Headers, int] | None:
        if not self._searched and (empty_lines := _EMPTY_LINES.match(self._buffer)):
            del self._buffer[: empty_lines.end()]
        end = self._buffer.find(_END_OF_HEAD, self._searched, LARGEST_HEAD + len(_END_OF_HEAD))
        if end < 0:
            if len(self._buffer) > LARGEST_HEAD:
                raise SipSyntaxError(f"no end of the headers within {LARGEST_HEAD} bytes")
            self._searched = max(0, len(self._buffer) - len(_END_OF_HEAD) + 1)
            return None
        start_line, headers = _read_head(bytes(self._buffer[:end]))
        length = _content_length(headers)
        if length is None:
            raise SipSyntaxError("no Content-Length on a stream")
        del self._buffer[: end + len(_END_OF_HEAD)]
        self._searched = 0
        return start_line, headers, length
