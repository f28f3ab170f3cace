"""
Session descriptions for one audio stream: create offers and answers, parse those of the other side.

Sources: RFC 4566 (format), RFC 3264 (offer and answer), RFC 3551 (static payload types),
RFC 4733 (telephone-event). Only the parts that a phone call needs are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from livekit_conformance.protocol.sip.syntax import SipSyntaxError, checked_line, number

CONTENT_TYPE = "application/sdp"
_LARGEST_PORT = 65535
_LARGEST_PAYLOAD_TYPE = 127
_LARGEST_PTIME_MS = 1000
# No UDP datagram can carry a longer one.
_LARGEST_DESCRIPTION = 64 * 1024

# rtpmap = payload type SP encoding name "/" clock rate [ "/" channels ]
_RTPMAP = re.compile(
    r"(?P<type>[0-9]{1,3}) +(?P<name>[!-.0-~]+)/(?P<rate>[0-9]{1,7})(?:/(?P<channels>[0-9]{1,2}))?"
)
# m=audio port [ "/" number of ports ] SP proto SP fmt *( SP fmt )
_AUDIO = re.compile(r"audio (?P<port>[0-9]{1,5})(?:/[0-9]+)? (?P<proto>\S+) (?P<formats>.+)")
# c=IN IP4 address [ "/" ttl ]
_CONNECTION = re.compile(r"IN (?P<family>IP4|IP6) (?P<address>[^\s/]+)(?:/[0-9/]+)?")


class Direction(StrEnum):
    """
    Direction of a stream's media, from the point of view of the description's author.
    """

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """
        True if the author sends media.
        """
        return self in {Direction.SENDRECV, Direction.SENDONLY}

    @property
    def receives(self) -> bool:
        """
        True if the author receives media.
        """
        return self in {Direction.SENDRECV, Direction.RECVONLY}

    @property
    def mirrored(self) -> Direction:
        """
        The same flow from the point of view of the other side.
        """
        return {
            Direction.SENDONLY: Direction.RECVONLY,
            Direction.RECVONLY: Direction.SENDONLY,
        }.get(self, self)


@dataclass(frozen=True, slots=True)
class Codec:
    """
    Payload format: its number in RTP packets, name, clock rate in Hz and format parameters.
    """

    payload_type: int
    name: str
    clock_rate: int = 8000
    fmtp: str | None = None

    def same_format(self, other: Codec) -> bool:
        """
        Return True if both are the same encoding; their payload types may differ.
        """
        return (self.name.lower(), self.clock_rate) == (other.name.lower(), other.clock_rate)


PCMU = Codec(0, "PCMU")
TELEPHONE_EVENT = Codec(101, "telephone-event", fmtp="0-15")
# RFC 3551 section 6; types that need no rtpmap. The 8000 of G722 is a historical error of the RFC.
_STATIC = {
    0: PCMU,
    3: Codec(3, "GSM"),
    8: Codec(8, "PCMA"),
    9: Codec(9, "G722"),
    13: Codec(13, "CN"),
    18: Codec(18, "G729"),
}


class NoCommonCodec(ValueError):
    """
    An offer without a usable codec, to be refused with 488 (RFC 3261 section 21.4.26).
    """


@dataclass(frozen=True, slots=True)
class Description:
    """
    Audio stream of a session description: destination and codecs.

    `port` 0 means the stream was refused (RFC 3264 section 6). `transport` is `RTP/AVP` for plain
    RTP and `RTP/SAVP` for SRTP. `ptime` is in milliseconds.
    """

    address: str
    port: int
    codecs: tuple[Codec, ...]
    direction: Direction = Direction.SENDRECV
    ptime: int | None = None
    transport: str = "RTP/AVP"
    session_id: int = 0
    version: int = 0

    def payload_type(self, codec: Codec) -> int | None:
        """
        Return this side's payload type of `codec`; None if it does not list the codec.
        """
        return next((own.payload_type for own in self.codecs if own.same_format(codec)), None)

    def __str__(self) -> str:
        family = "IP6" if ":" in self.address else "IP4"
        formats = " ".join(str(codec.payload_type) for codec in self.codecs)
        lines = [
            "v=0",
            f"o=- {self.session_id} {self.version} IN {family} {self.address}",
            "s=-",
            f"c=IN {family} {self.address}",
            "t=0 0",
            f"m=audio {self.port} {self.transport} {formats}",
            *(f"a=rtpmap:{c.payload_type} {c.name}/{c.clock_rate}" for c in self.codecs),
            *(f"a=fmtp:{c.payload_type} {c.fmtp}" for c in self.codecs if c.fmtp),
            *([f"a=ptime:{self.ptime}"] if self.ptime else []),
            f"a={self.direction}",
        ]
        return "".join(f"{line}\r\n" for line in lines)


def offer(
    address: str,
    port: int,
    *,
    session_id: int,
    version: int = 1,
    codecs: Iterable[Codec] = (PCMU, TELEPHONE_EVENT),
    ptime: int = 20,
) -> Description:
    """
    Return an offer to send and receive audio at `address` and `port`.
    """
    return Description(
        address, port, tuple(codecs), ptime=ptime, session_id=session_id, version=version
    )


def answer(
    offered: Description,
    address: str,
    port: int,
    *,
    session_id: int,
    version: int = 1,
    codecs: Iterable[Codec] = (PCMU, TELEPHONE_EVENT),
) -> Description:
    """
    Return an answer with the offered codecs that are in `codecs`, under the offerer's numbers.

    Raises NoCommonCodec: the two have no audio encoding in common, or the media is not plain RTP.
    """
    if offered.transport != "RTP/AVP":
        raise NoCommonCodec(f"media transport {offered.transport} is not RTP/AVP")
    known = tuple(codecs)
    common = tuple(c for c in offered.codecs if any(map(c.same_format, known)))
    if all(codec.same_format(TELEPHONE_EVENT) for codec in common):
        names = ", ".join(codec.name for codec in offered.codecs)
        raise NoCommonCodec(f"none of the offered codecs is known: {names}")
    return Description(
        address,
        port,
        common,
        offered.direction.mirrored,
        offered.ptime,
        session_id=session_id,
        version=version,
    )


def parse(text: str | bytes) -> Description:
    """
    Parse the first audio stream of a session description.

    Lines may end in LF alone (RFC 4566 section 5 asks parsers to accept it). Unknown lines and
    attributes are ignored, as the RFC demands.

    Raises SipSyntaxError: it is not a session description, or has no audio stream with an address.
    """
    lines = _lines(text)
    audio = next((at for at, (kind, value) in enumerate(lines) if _is_audio(kind, value)), None)
    if audio is None:
        raise SipSyntaxError("session description has no audio stream")
    match = _AUDIO.fullmatch(lines[audio][1])
    if match is None:
        raise SipSyntaxError(f"not a media line: {lines[audio][1]!r}")
    begin = next(at for at, (kind, _) in enumerate(lines) if kind == "m")
    end = next((at for at in range(audio + 1, len(lines)) if lines[at][0] == "m"), len(lines))
    # Attributes in the stream's own section take precedence over session-level ones.
    attributes = [*lines[audio:end], *lines[:begin]]
    session_id, version = _origin(lines)
    return Description(
        _address(attributes),
        number(match["port"], "media port", largest=_LARGEST_PORT),
        _codecs(match["formats"], attributes),
        _direction(attributes),
        _ptime(attributes),
        match["proto"],
        session_id,
        version,
    )


def _is_audio(kind: str, value: str) -> bool:
    return kind == "m" and value.startswith("audio ")


def _lines(text: str | bytes) -> list[tuple[str, str]]:
    if len(text) > _LARGEST_DESCRIPTION:
        raise SipSyntaxError(f"session description is longer than {_LARGEST_DESCRIPTION}")
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise SipSyntaxError(f"session description is not UTF-8: {error}") from error
    lines: list[tuple[str, str]] = []
    for line in re.split(r"\r?\n", text.rstrip("\r\n")):
        # type "=" value, no white space around the equals sign
        if checked_line(line, "session description")[1:2] != "=":
            raise SipSyntaxError(f"not a line of a session description: {line!r}")
        lines.append((line[0], line[2:]))
    if lines[0] != ("v", "0"):
        raise SipSyntaxError(f"session description does not begin with v=0: {lines[0]!r}")
    return lines


def _origin(lines: list[tuple[str, str]]) -> tuple[int, int]:
    value = next((value for kind, value in lines if kind == "o"), None)
    if value is None:
        raise SipSyntaxError("session description has no origin")
    match = re.fullmatch(r"\S+ (?P<id>[0-9]{1,20}) (?P<version>[0-9]{1,20}) IN \S+ \S+", value)
    if match is None:
        raise SipSyntaxError(f"not an origin: {value!r}")
    return int(match["id"]), int(match["version"])


def _address(lines: list[tuple[str, str]]) -> str:
    value = next((value for kind, value in lines if kind == "c"), None)
    if value is None:
        raise SipSyntaxError("session description has no connection address")
    match = _CONNECTION.fullmatch(value)
    if match is None:
        raise SipSyntaxError(f"not a connection address: {value!r}")
    return match["address"]


def _attributes(lines: list[tuple[str, str]], name: str) -> Iterator[str]:
    prefix = f"{name}:"
    return (v.removeprefix(prefix) for kind, v in lines if kind == "a" and v.startswith(prefix))


def _codecs(formats: str, lines: list[tuple[str, str]]) -> tuple[Codec, ...]:
    """
    Return the codec of each payload type; the first rtpmap and fmtp of a type count.
    """
    texts = formats.split()
    if len(texts) > _LARGEST_PAYLOAD_TYPE + 1:
        raise SipSyntaxError(f"{len(texts)} formats are more than there are payload types")
    types = [number(text, "payload type", largest=_LARGEST_PAYLOAD_TYPE) for text in texts]
    parameters: dict[str, str] = {}
    for value in _attributes(lines, "fmtp"):
        text, _, fmtp = value.partition(" ")
        parameters.setdefault(text, fmtp)
    # A dynamic type without an rtpmap is unusable, but the stream may have usable ones.
    codecs = {payload_type: Codec(payload_type, "unknown") for payload_type in types} | _STATIC
    for value in reversed(list(_attributes(lines, "rtpmap"))):
        match = _RTPMAP.fullmatch(value.strip())
        if match is None:
            raise SipSyntaxError(f"not an rtpmap: {value!r}")
        payload_type = int(match["type"])
        codecs[payload_type] = Codec(payload_type, match["name"], int(match["rate"]))
    return tuple(
        replace(codecs[payload_type], fmtp=parameters.get(text))
        for text, payload_type in zip(texts, types, strict=True)
    )


def _direction(lines: list[tuple[str, str]]) -> Direction:
    names = {str(direction) for direction in Direction}
    found = (value for kind, value in lines if kind == "a" and value in names)
    return Direction(next(found, Direction.SENDRECV))


def _ptime(lines: list[tuple[str, str]]) -> int | None:
    text = next(_attributes(lines, "ptime"), "").strip(" ")
    # Some gateways write fractions ("20.0"); an unreadable hint is no reason to refuse a call.
    if re.fullmatch(r"[0-9]{1,4}", text) is None:
        return None
    return min(int(text), _LARGEST_PTIME_MS) or None
