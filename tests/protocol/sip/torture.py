"""
Messages in the shapes of the torture tests of RFC 4475, and of RFC 5118 for IPv6.

The shapes are theirs, the messages are ours. `{port}` stands for the port of the sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

NUMBER: Final = "+15550142"
_LONG = "a-part-of-a-long-value" * 12
_CRLF = "\r\n"
_START: Final = f"INVITE sip:{NUMBER}@127.0.0.1 SIP/2.0"
_OPTIONS: Final = f"OPTIONS sip:{NUMBER}@127.0.0.1 SIP/2.0"


@dataclass(frozen=True, slots=True)
class Shape:
    """
    One message: the section that describes its shape, and what must become of it.

    `broken` are the sections of RFC 3261 that its sender is told to have broken; None if the
    message cannot be read at all. `status` is the answer of a listener; None if there is none.
    """

    section: str
    name: str
    data: bytes
    status: int | None
    broken: tuple[str, ...] | None = ()

    def __str__(self) -> str:
        return f"{self.section} {self.name}"


@dataclass(frozen=True, slots=True)
class _Lines:
    """
    A good INVITE to a listener, as lines that a shape changes.
    """

    start: str
    fields: Mapping[str, str | None] = field(default_factory=dict)
    body: str = ""

    def data(self, *more: str) -> bytes:
        headers: dict[str, str | None] = {
            "Via": "SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-torture;rport",
            "Max-Forwards": "70",
            "From": "<sip:+15550143@127.0.0.1>;tag=from",
            "To": f"<sip:{NUMBER}@127.0.0.1>",
            "Call-ID": "torture@127.0.0.1",
            "CSeq": f"1 {self.start.split(maxsplit=1)[0]}",
            "Contact": "<sip:+15550143@127.0.0.1:{port}>",
            "Content-Length": str(len(self.body.encode())),
        }
        headers.update(self.fields)
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        return _CRLF.join((self.start, *lines, *more, "", self.body)).encode()


def _invite(start: str = _START, /, body: str = "", **fields: str | None) -> bytes:
    return _Lines(start, _named(fields), body).data()


def _with(*lines: str, start: str = _START) -> bytes:
    return _Lines(start).data(*lines)


def _response(start: str, **fields: str | None) -> bytes:
    return _Lines(start, {"CSeq": "1 INVITE", **_named(fields)}).data()


def _named(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.replace("_", "-"): value for name, value in fields.items()}


_TORTUOUS = _CRLF.join(
    (
        f"INVITE sip:{NUMBER}@127.0.0.1;unknown=yes SIP/2.0",
        f"TO :\t<sip:{NUMBER}@127.0.0.1 >".replace(" >", ">"),
        'f : "Who \\"calls\\" \\\\here" <sip:+15550143@127.0.0.1> ; tag = from',
        "mAx-foRWards: 0068",
        "i: torture.tortuous@127.0.0.1",
        "cseq : 0009",
        " INVITE",
        "v : SIP / 2.0 / UDP",
        "  127.0.0.1:{port} ; branch",
        "  = z9hG4bK-tortuous ; rport",
        "x-Unknown : ; ; , = <",
        " folded : on two lines",
        'm:"Quoted, with a comma" <sip:+15550143@127.0.0.1:{port}> ; newparam=9;q=0.33',
        "s :",
        "l: 0",
        "",
        "",
    )
).encode()

VALID: tuple[Shape, ...] = (
    Shape("3.1.1.1", "a tortuous INVITE", _TORTUOUS, 480),
    Shape(
        "3.1.1.2",
        "unusual characters in a method, in display name and user",
        _invite(
            "!in%te*st_.`'+~ sip:1_u.n%75sual!~*'()&=+$,;?/:x@127.0.0.1 SIP/2.0",
            From='"\u00a7 \\t and ~" <sip:+15550143@127.0.0.1>;tag=_+~.%`\'!*-'.replace(
                "\x09", "t"
            ),
        ),
        405,
    ),
    Shape(
        "3.1.1.3",
        "escaped characters in a URI",
        _invite(To="<sip:sips%3Auser%40example.net@127.0.0.1;par%2Aam=a%20b>"),
        404,
    ),
    Shape(
        "3.1.1.4",
        "escaped zero bytes in a URI",
        _invite(To="<sip:null-%00-null@127.0.0.1>", From="<sip:%00%00@127.0.0.1>;tag=from"),
        404,
    ),
    Shape(
        "3.1.1.5",
        "a percent sign that escapes nothing, in a method and in a display name",
        _invite(f"RE%47IST sip:{NUMBER}@127.0.0.1 SIP/2.0", To='"%Z%45" <sip:a@127.0.0.1>'),
        405,
    ),
    Shape(
        "3.1.1.6",
        "no space between a display name and its bracket",
        _invite(From="caller<sip:+15550143@127.0.0.1>;tag=from"),
        480,
    ),
    Shape(
        "3.1.1.7",
        "long values",
        _invite(
            From=f'"{_LONG}" <sip:+15550143@127.0.0.1;x={_LONG}>;tag={_LONG};{_LONG}={_LONG}',
            Call_ID=f"{_LONG}@{_LONG}",
            Unknown_Header=f"{_LONG}, {_LONG}",
        ),
        480,
    ),
    Shape("3.1.1.8", "bytes after the message in its datagram", _invite() + b"INVITE more", 480),
    Shape(
        "3.1.1.9",
        "semicolons in the user part",
        _invite("OPTIONS sip:user;par=u%40example.net@127.0.0.1 SIP/2.0"),
        200,
    ),
    Shape(
        "3.1.1.10",
        "known and unknown transports in Via",
        _with(
            "Via: SIP/2.0/SCTP 192.0.2.1;branch=z9hG4bK-2",
            "Via: SIP/2.0/UNKNOWN 192.0.2.2;branch=z9hG4bK-3, SIP/2.0/TLS 192.0.2.3",
        ),
        480,
    ),
    Shape(
        "3.1.1.11",
        "a body of several parts",
        _invite(
            body="--one\r\nContent-Type: text/plain\r\n\r\nhi\r\n--one\r\n\r\n\x01\r\n--one--\r\n",
            Content_Type="multipart/mixed;boundary=one",
        ),
        480,
    ),
    Shape(
        "3.1.1.12",
        "an unusual reason phrase",
        _response("SIP/2.0 200 = 2**3 * 5**2 \u043d\u0443 \u0434\u0430"),
        None,
        ("8.2.6.2",),
    ),
    Shape(
        "3.1.1.13",
        "an empty reason phrase",
        _response("SIP/2.0 100 "),
        None,
    ),
)

INVALID: tuple[Shape, ...] = (
    Shape(
        "3.1.2.1",
        "separators without values",
        _invite(Via="SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-a;;,;,,"),
        None,
        None,
    ),
    Shape(
        "3.1.2.2", "Content-Length beyond the message", _invite(Content_Length="9999"), None, None
    ),
    Shape("3.1.2.3", "a negative Content-Length", _invite(Content_Length="-999"), None, None),
    Shape(
        "3.1.2.4",
        "a request with numbers that are too large",
        _invite(CSeq="36893488147419103232 INVITE", Max_Forwards="300", Expires="1" * 60),
        None,
        None,
    ),
    Shape(
        "3.1.2.5",
        "a response with numbers that are too large",
        _response("SIP/2.0 503 Busy", CSeq="9292394834772304023312 INVITE", Retry_After="9" * 50),
        None,
        None,
    ),
    Shape(
        "3.1.2.6",
        "an open quote in a display name",
        _invite(To=f'"Mr. Callee <sip:{NUMBER}@127.0.0.1>'),
        None,
        None,
    ),
    Shape(
        "3.1.2.7",
        "brackets around the Request-URI",
        _invite(f"INVITE <sip:{NUMBER}@127.0.0.1> SIP/2.0"),
        400,
        ("19.1.1",),
    ),
    Shape(
        "3.1.2.8",
        "spaces within the Request-URI",
        _invite(f"INVITE sip:{NUMBER}@127.0.0.1; lr SIP/2.0"),
        None,
        None,
    ),
    Shape(
        "3.1.2.9",
        "several spaces in the request line",
        _invite(f"INVITE  sip:{NUMBER}@127.0.0.1  SIP/2.0"),
        None,
        None,
    ),
    Shape(
        "3.1.2.10",
        "spaces at the end of the request line",
        _invite(f"OPTIONS sip:{NUMBER}@127.0.0.1 SIP/2.0  "),
        None,
        None,
    ),
    Shape(
        "3.1.2.11",
        "headers within the Request-URI",
        _invite(f"INVITE sip:{NUMBER}@127.0.0.1?Route=%3Csip:192.0.2.1%3E SIP/2.0"),
        400,
        ("19.1.1",),
    ),
    Shape(
        "3.1.2.12",
        "a Date in another time zone than GMT",
        _invite(Date="Fri, 01 Jan 2010 16:00:00 EST"),
        480,
        ("20.17",),
    ),
    Shape(
        "3.1.2.13",
        "a Contact with parameters of the URI and no brackets",
        _invite(Contact="sip:+15550143@127.0.0.1:{port}?Route=%3Csip:192.0.2.1%3E"),
        400,
        ("8.1.1.8",),
    ),
    Shape(
        "3.1.2.14",
        "spaces within an address",
        _invite(To=f'"Callee" < sip:{NUMBER}@127.0.0.1 >'),
        None,
        None,
    ),
    Shape(
        "3.1.2.15",
        "a display name of characters that need quotes",
        _invite(From="Bell, Alexander <sip:+15550143@127.0.0.1>;tag=from"),
        None,
        None,
    ),
    Shape(
        "3.1.2.16",
        "another version",
        _invite(f"OPTIONS sip:{NUMBER}@127.0.0.1 SIP/7.0"),
        None,
        None,
    ),
    Shape(
        "3.1.2.17",
        "the methods of request line and CSeq differ",
        _invite(_OPTIONS, CSeq="8 INVITE"),
        None,
        None,
    ),
    Shape(
        "3.1.2.18",
        "an unknown method, and another one in CSeq",
        _invite(f"NEWMETHOD sip:{NUMBER}@127.0.0.1 SIP/2.0", CSeq="9 INVITE"),
        None,
        None,
    ),
    Shape("3.1.2.19", "a status that is too large", _response("SIP/2.0 4294967301 OK"), None, None),
)

OF_LAYERS: tuple[Shape, ...] = (
    Shape(
        "3.2.1",
        "a branch without anything after the cookie",
        _invite(
            _OPTIONS,
            Via="SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK",
        ),
        200,
        ("8.1.1.7",),
    ),
    Shape(
        "3.3.1",
        "without Call-ID, From and To",
        _invite(Call_ID=None, From=None, To=None),
        None,
        None,
    ),
    Shape(
        "3.3.2",
        "an unknown scheme in the Request-URI",
        _invite("OPTIONS nobodyknows:soap.beep SIP/2.0"),
        416,
        ("8.2.2.1",),
    ),
    Shape(
        "3.3.3",
        "a known scheme that is none of SIP",
        _invite("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"),
        416,
        ("8.2.2.1",),
    ),
    Shape(
        "3.3.4",
        "unknown schemes in headers",
        _invite(
            To="<isbn:2983792873>",
            From="<http://www.example.com>;tag=from",
            Contact="<name:John_Smith>",
        ),
        400,
        ("8.1.1.8",),
    ),
    Shape(
        "3.3.5",
        "extensions that are required and unknown",
        _invite(_OPTIONS, Require="nothingSupportsThis, nor-this"),
        420,
    ),
    Shape(
        "3.3.6",
        "a body of an unknown type",
        _invite(body="<audio>\r\n", Content_Type="application/unknown"),
        480,
    ),
    Shape(
        "3.3.7",
        "credentials of an unknown scheme",
        _invite(_OPTIONS, Authorization="NoOneKnows opaque=none"),
        200,
    ),
    Shape(
        "3.3.8",
        "headers that must stand once stand twice",
        _with("CSeq: 9 INVITE", "Call-ID: another", "From: <sip:other@127.0.0.1>;tag=other"),
        None,
        None,
    ),
    Shape("3.3.9", "two values of Content-Length", _with("Content-Length: 5"), None, None),
    Shape(
        "3.3.10",
        "a response whose Via is the broadcast address",
        _response(
            "SIP/2.0 200 OK",
            Via="SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-a, SIP/2.0/UDP 255.255.255.255",
            To=f"<sip:{NUMBER}@127.0.0.1>;tag=to",
        ),
        None,
        ("8.1.3.3",),
    ),
    Shape(
        "3.3.11",
        "Max-Forwards of zero, which is for proxies",
        _invite(_OPTIONS, Max_Forwards="0"),
        200,
    ),
    Shape(
        "3.3.12",
        "a REGISTER whose Contact has an unknown header parameter",
        _invite(
            "REGISTER sip:127.0.0.1 SIP/2.0", Contact="sip:+19725552222@192.0.2.1;unknownparam"
        ),
        405,
    ),
    Shape(
        "3.3.13",
        "a REGISTER whose Contact has an unknown parameter within the URI",
        _invite("REGISTER sip:127.0.0.1 SIP/2.0", Contact="<sip:+15550143@192.0.2.1;unknownparam>"),
        405,
    ),
    Shape(
        "3.3.14",
        "a REGISTER whose Contact has headers",
        _invite(
            "REGISTER sip:127.0.0.1 SIP/2.0",
            Contact="<sip:+15550143@192.0.2.1?Route=%3Csip:192.0.2.2%3E>",
        ),
        405,
    ),
    Shape(
        "3.3.15",
        "an INVITE that accepts nothing that we can say",
        _invite(Accept="text/nobody-knows"),
        480,
    ),
    Shape(
        "3.4.1",
        "an INVITE of RFC 2543: no branch, no tag, no Max-Forwards, no Contact",
        _invite(
            Via="SIP/2.0/UDP 127.0.0.1:{port}",
            From="<sip:+15550143@127.0.0.1>",
            Max_Forwards=None,
            Contact=None,
            Record_Route="<sip:192.0.2.1>",
        ),
        400,
        ("8.1.1.6", "8.1.1.3", "8.1.1.7", "8.1.1.8"),
    ),
)

IPV6: tuple[Shape, ...] = (
    Shape(
        "5118 4.1",
        "an IPv6 address in brackets",
        _invite(
            "OPTIONS sip:[2001:db8::10] SIP/2.0",
            Via="SIP/2.0/UDP [2001:db8::9:1]:{port};branch=z9hG4bK-6;rport",
            Contact="<sip:[2001:db8::9:1]>",
        ),
        200,
    ),
    Shape(
        "5118 4.2",
        "an IPv6 address without brackets",
        _invite("OPTIONS sip:2001:db8::10 SIP/2.0"),
        400,
        ("19.1.1",),
    ),
    Shape(
        "5118 4.3",
        "a port within the brackets, where it is part of the address",
        _invite("OPTIONS sip:[2001:db8::10:5070] SIP/2.0"),
        200,
    ),
    Shape(
        "5118 4.4",
        "a port after the brackets",
        _invite("OPTIONS sip:[2001:db8::10]:5070 SIP/2.0"),
        200,
    ),
    Shape(
        "5118 4.5",
        "received with brackets, and without",
        _with(
            "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bK-7",
            "Via: SIP/2.0/UDP [2001:db8::9:2];received=2001:db8::9:254;branch=z9hG4bK-8",
            start=_OPTIONS,
        ),
        200,
    ),
    Shape(
        "5118 4.8",
        "addresses of both families in the headers of one message",
        _with(
            "Via: SIP/2.0/UDP [2001:db8::9:2];branch=z9hG4bK-8",
            "Record-Route: <sip:[2001:db8::9:3];lr>, <sip:192.0.2.3;lr>",
        ),
        480,
    ),
    Shape(
        "5118 4.10",
        "an IPv4 address within an IPv6 one",
        _invite(
            "OPTIONS sip:[::ffff:192.0.2.2]:5060 SIP/2.0", Contact="<sip:a@[::ffff:192.0.2.9]>"
        ),
        200,
    ),
)

SHAPES: tuple[Shape, ...] = (*VALID, *INVALID, *OF_LAYERS, *IPV6)
