"""
Seeded mutations of real messages, session descriptions, challenges and log lines.

The same number always gives the same input: `python -m tests.protocol.hostile_text KIND NUMBER`
prints it.
"""

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from livekit_conformance.protocol import logline, rtp
from livekit_conformance.protocol.sip import digest, sdp
from livekit_conformance.protocol.sip.address import NameAddr, SipUri, Via
from livekit_conformance.protocol.sip.dialog import (
    Dialog,
    again_with,
    cancel,
    response_to,
    seen_from,
)
from livekit_conformance.protocol.sip.layer import TransactionLayer
from livekit_conformance.protocol.sip.message import (
    Message,
    Request,
    Response,
    SipSyntaxError,
    StreamParser,
    parse,
)
from livekit_conformance.protocol.sip.violations import Refusal, refusal, violations

_INVITE = b"""\
INVITE sip:+15550123@127.0.0.1:5060;transport=udp SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK-one;rport, SIP/2.0/TCP [::1];branch=z9hG4bK2\r
Max-Forwards: 70\r
Record-Route: <sip:near.example;lr>, "far" <sip:far.example:5070>\r
From: "A \\"caller\\"" <sip:+15550100@127.0.0.1>;tag=from-1\r
To: <sip:+15550123@127.0.0.1:5060>\r
Call-ID: conformance-1@127.0.0.1\r
CSeq: 1 INVITE\r
Contact: <sip:+15550100@127.0.0.1:40000;ob>;expires=60\r
Proxy-Authorization: Digest username="alice", realm="r", nonce="n", uri="sip:a@b", response="0"\r
Content-Type: application/sdp\r
Content-Length: 5\r
\r
v=0\r
"""
_ANSWER = b"""\
SIP/2.0 200 OK\r
v: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK-one;received=127.0.0.1\r
f: <sip:+15550100@127.0.0.1>;tag=from-1\r
t: sip:+15550123@127.0.0.1;tag=to-1\r
i: conformance-1@127.0.0.1\r
Record-Route: <sip:near.example;lr>\r
CSeq: 1 INVITE\r
m: <sip:127.0.0.1:5060;transport=udp>\r
WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", stale=true\r
l: 0\r
\r
"""
_BYE = _INVITE.replace(b"INVITE", b"BYE").replace(b":5060>\r\nCall", b">;tag=to-1\r\nCall")
_SESSION = b"""\
v=0\r
o=- 7 1 IN IP4 192.0.2.1\r
s=-\r
c=IN IP4 192.0.2.1/127\r
t=0 0\r
m=audio 40000/2 RTP/AVP 0 18 96 101\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:96 opus/48000/2\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-15\r
a=ptime:20\r
a=sendrecv\r
m=video 5000 RTP/AVP 97\r
"""
_CHALLENGES = (
    b'Digest realm="LiveKit", nonce="1795", algorithm=MD5, qop="auth,auth-int", opaque="o"',
    (
        b'Digest username="alice", realm="LiveKit", nonce="1795", uri="sip:a@b", nc=00000001, '
        b'cnonce="c", qop=auth, algorithm=MD5-sess, response="6629fae49393a05397450978507c4ef1"'
    ),
)
_LOG_LINES = (
    (
        b'{"level":"warn","ts":1795407784.5,"logger":"livekit","caller":"a.go:84","msg":"failed",'
        b'"status":401,"fields":[{"a":null}],"error":"invalid authorization token"}'
    ),
    (
        b"2026-11-23T04:27:18.974Z\tWARN\tlivekit\ta.go:84\tfailed\t"
        b'{"status": 401, "error": "invalid authorization token"}'
    ),
)
_PACKET = rtp.Packet(0, 1, 2, 3, b"\xff" * 160, marker=True).encode()
_ADDRESSES = (
    b'"A \\"caller\\"" <sip:+15550100:pw@[2001:db8::1]:5060;transport=udp?a=b>;tag=1;q="2"',
    b"sip:alice@example.com;tag=1",
    b"SIP / 2.0 / UDP [::1] : 5060 ;branch=z9hG4bK1;rport;received=127.0.0.1",
)
# Pieces that grammars give a meaning to, numbers at their limits, and what no text should hold.
_PIECES = (
    *(bytes([byte]) for byte in b'\r\n\t \x00\x1c\x7f"\\<>@:;,=?%[](){}/*+-.0'),
    *(b"\r\n", b"\r\n ", b"\r\n\r\n", b"\xff", b"\xc2\xa0", b"\xed\xa0\x80", b"\xd9\xa1"),
    *(b"0", b"-1", b"65536", b"2147483648", b"9" * 400, b"1e400", b"NaN", b"20\x1c"),
    *(b"<sip:a@b>", b"sip:", b"tel:+1", b"[:::::]", b"[" * 600, b'{"a":' * 600, b'"' * 9),
    *(b";tag=x", b";lr", b"z9hG4bK", b" " * 2000, b",," * 600, b"a=ptime:20\x1c\r\n"),
    *(b"Contact: *\r\n", b"Record-Route: <\r\n", b"Content-Length: 99\r\n", b"SIP/2.0", b"Digest "),
)


def mutated(seeds: Sequence[bytes], number: int) -> bytes:
    """
    Return input `number`: one of the seeds after one to four mutations.
    """
    dice = random.Random(number)
    data = dice.choice(seeds)
    for _ in range(dice.randint(1, 4)):
        start = dice.randint(0, len(data))
        end = min(len(data), start + dice.choice((0, 0, 1, 2, 8, 40)))
        other = dice.choice(seeds)
        at = dice.randint(0, len(other))
        piece = dice.choice(
            (
                b"",
                dice.choice(_PIECES),
                dice.choice(_PIECES),
                dice.randbytes(2),
                other[at : at + 60],
            )
        )
        data = data[:start] + piece + data[end:]
    return data


def _read_message(data: bytes) -> None:
    message = parse(data)
    try:
        _act_on(message)
    except SipSyntaxError as error:
        raise AssertionError("a message that was accepted cannot be acted on") from error


def _act_on(message: Message) -> None:
    """
    Do with a message what a user agent does, so that all of it is read.
    """
    assert parse(message.to_bytes()).to_bytes() == message.to_bytes()
    layer = TransactionLayer(reliable=False)
    invite = parse(_INVITE)
    assert isinstance(invite, Request)
    if isinstance(message, Response):
        layer.request(invite, 0.0)
        layer.receive(message, 0.0)
        dialog = Dialog.of_caller(invite, message)
        dialog.ack(invite, via=invite.via).to_bytes()
    else:
        layer.receive(seen_from(message, "192.0.2.1", 5060), 0.0)
        refused = refusal(message) or Refusal(400)
        response_to(
            message, refused.status, refused.reason, to_tag="to", extra=refused.headers
        ).to_bytes()
        cancel(message)
        again_with(message, via=message.via, header=("Authorization", "Digest x"))
        dialog = Dialog.of_callee(message, "to")
    violations(message)
    dialog.owns(message)
    dialog.after(message).request("BYE", via=invite.via)[1].to_bytes()


def _read_stream(data: bytes) -> None:
    parser = StreamParser()
    cut = len(data) // 3
    for piece in (data[:cut], data[cut : 2 * cut], data[2 * cut :], data):
        parser.feed(piece)
        while parser.next_message() is not None:
            pass


def _read_session(data: bytes) -> None:
    description = sdp.parse(data)
    assert sdp.parse(str(description)).port == description.port
    sdp.answer(description, "192.0.2.1", 9, session_id=1)


def _read_challenge(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    own = digest.Challenge("LiveKit", "1795")
    digest.verify(text, challenge=own, username="alice", password="x", method="INVITE")
    digest.authorization(
        digest.choose([text]),
        username="alice",
        password="x",
        method="INVITE",
        uri="sip:a@b",
        cnonce="c",
    )


def _read_log_line(data: bytes) -> None:
    line = logline.parse(data.decode("utf-8", "replace"))
    assert line.at is None or 0 <= line.at < 253_402_300_800
    assert isinstance(line.message + line.error + str(line.fields), str)


def _read_address(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    reader: Callable[[str], object] = Via.parse if text.startswith("SIP") else NameAddr.parse
    parsed = reader(text)
    assert reader(str(parsed)) == parsed
    if isinstance(parsed, NameAddr):
        assert SipUri.parse(str(parsed.sip_uri)) == parsed.sip_uri


@dataclass(frozen=True)
class Kind:
    """
    A kind of input: what it is mutated from, its parser, and the errors that document a refusal.
    """

    seeds: Sequence[bytes]
    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = (SipSyntaxError,)


KINDS: Mapping[str, Kind] = {
    "message": Kind((_INVITE, _ANSWER, _BYE), _read_message),
    "stream": Kind((_INVITE, _ANSWER, _BYE), _read_stream),
    "session": Kind((_SESSION,), _read_session, (SipSyntaxError, sdp.NoCommonCodec)),
    "challenge": Kind(_CHALLENGES, _read_challenge, (SipSyntaxError, digest.UnsupportedChallenge)),
    "address": Kind(_ADDRESSES, _read_address),
    "log line": Kind(_LOG_LINES, _read_log_line, ()),
    "packet": Kind(
        (_PACKET,), lambda data: _ignore(rtp.Packet.decode(data)), (rtp.RtpSyntaxError,)
    ),
}


def _ignore(_: object) -> None:
    """
    Discard a result.
    """


def main() -> None:
    """
    Print one input as a bytes literal.
    """
    kind, number = sys.argv[1:]
    print(mutated(KINDS[kind].seeds, int(number)))  # noqa: T201  what was asked for


if __name__ == "__main__":
    main()
