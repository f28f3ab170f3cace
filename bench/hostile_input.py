"""
Time the parsers of what strangers send, on input that is made to be slow.

   .venv/bin/python bench/hostile_input.py

Every kind of input is parsed at two sizes, the larger one four times the smaller and just below
the parser's limit, and at 1 MB. Prints the CPU times in ms and the ratio of the first two; fails
when a ratio exceeds 8 (linear time gives 4, quadratic time 16) or 1 MB takes more than its limit:
50 ms for a parser, 3 s for the search for secrets in output, for which nobody waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from livekit_conformance.protocol import logline
from livekit_conformance.protocol.phone_numbers import NumberMask
from livekit_conformance.protocol.sip import digest, sdp
from livekit_conformance.protocol.sip.layer import TransactionLayer
from livekit_conformance.protocol.sip.message import StreamParser, parse
from livekit_conformance.protocol.sip.violations import violations
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.secrets.scrubber import Scrubber, without_torn

SMALL, LARGE, HUGE = 15_000, 60_000, 1_000_000
WORST_RATIO = 8.0
WORST_MS = 50.0
REPEATS = 5

_REQUEST = (
    "INVITE sip:+15550123@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:+15550100@127.0.0.1>;tag=from\r\nTo: <sip:a@b>\r\n"
    "Call-ID: call-1\r\nCSeq: 1 INVITE\r\n{header}Content-Length: {length}\r\n\r\n"
)
_SESSION = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
_AUDIO = "m=audio 9 RTP/AVP {formats}\r\n"
_PIECE = 100
_REDACTOR = Redactor()
_SCRUB = Scrubber(["canary-secret-0123"], also=NumberMask(["+999012345678"]))
_SEARCH_MS = 3_000.0


@dataclass(frozen=True, slots=True)
class HostileInput:
    """
    One kind of input: `make` returns about so many bytes of it, `read` parses them.
    """

    make: Callable[[int], bytes]
    read: Callable[[bytes], object]
    worst_ms: float = WORST_MS


def receive(data: bytes) -> None:
    """
    Do with a datagram what our user agents do before they act on it.
    """
    message = parse(data)
    _REDACTOR(message.text)
    violations(message)
    TransactionLayer(reliable=False).receive(message, 0.0)


def header(template: str, unit: str) -> HostileInput:
    """
    Return a message whose header has `unit` repeated in the place of the braces.
    """

    def make(size: int) -> bytes:
        value = template.format(unit * (size // len(unit)))
        return _REQUEST.format(header=f"{value}\r\n", length=0).encode()

    return HostileInput(make, receive)


def search(text: str) -> None:
    """
    Mask secrets as all output of a run is masked.
    """
    without_torn(_SCRUB(text))


def text(
    template: str, unit: str, read: Callable[[str], object], worst_ms: float = WORST_MS
) -> HostileInput:
    """
    Return a text with `unit` repeated in the place of the braces.
    """

    def make(size: int) -> bytes:
        return template.replace("{}", unit * (size // len(unit))).encode()

    return HostileInput(make, lambda data: read(data.decode()), worst_ms)


def description(formats: str, unit: str) -> HostileInput:
    """
    Return a session description with `unit` repeated after its media line.
    """
    return text(_SESSION + _AUDIO.format(formats=formats) + "{}", unit, sdp.parse)


def in_pieces(data: bytes, size: int = _PIECE) -> None:
    """
    Read a stream that arrives in small pieces.
    """
    parser = StreamParser()
    for at in range(0, len(data), size):
        parser.feed(data[at : at + size])
        while parser.next_message() is not None:
            pass


def _with_body(size: int) -> bytes:
    half = size // 2
    padding = "Subject: {}\r\n".format("a" * min(half, LARGE))
    return _REQUEST.format(header=padding, length=half).encode() + b"a" * half


def _many_messages(size: int) -> bytes:
    message = _REQUEST.format(header="", length=0).encode()
    return message * (size // len(message))


# Parts of what opens a secret: output is searched for it, with the values that the run knows.
_OPENING = (
    *("pass", "passw", "passw=", "pass: ", 'password="', "token ", "token: ", "secret("),
    *("-", "--", "--key", "--password", "sip:a:", "sip:a", "://", "://a:", "://a", "eyJ"),
    *("eyJaaaaaaaa.", "eyJaaaaaaaa\n", "<password", "<password>", "-----BEGIN ", "api1", "'"),
    *("-----BEGIN PRIVATE KEY-----", "authorization: ", "bearer ", "cookie: ", "login a "),
    *(
        "auth ",
        "key: ",
        "key ((",
        "api12345678 ",
        "secret a ",
        "secert: ",
        "secert=a ",
        ":a@",
        "a:",
    ),
    *(" -p", "user a >", "secret Aa1", "secret " + 30 * " "),
    *("response=0", "inline:", "\\", '\\"', 'password=\\"', ",a", "a=", ".", "..", "1", "0 "),
)

INPUTS: Mapping[str, HostileInput] = {
    "blanks in a header": header("Subject: a{}b", " "),
    "blanks in an address": header("Contact: a{}<sip:a@b>", " "),
    "blanks in a Via": header("Via: SIP/2.0/UDP{}a", " "),
    "folded lines": header("Subject: a{}", "\r\n "),
    "header lines": header("{}S: 1", "S:\r\n"),
    "values of a header": header("Contact: <sip:a@b>{}", ",<sip:a@b>"),
    "parameters": header("Contact: <sip:a@b>{}", ";a=b"),
    "parameters of a URI": header("Contact: <sip:a@b{}>", ";a=b"),
    "escapes in quotes": header('Contact: "{}" <sip:a@b>', "\\a"),
    "quotes": header("Contact: {} <sip:a@b>", '""'),
    "open brackets": header("Contact: {}", "<"),
    "words of a display name": header("Contact: {}<sip:a@b>", "a "),
    "digits of a port": header("Contact: <sip:a@b:{}>", "1"),
    "colons of a host": header("Contact: <sip:a@[{}]>", ":"),
    "escapes of a user": header("Contact: <sip:{}@b>", "%61"),
    "URIs with a password": header("Subject: {}", "sip:a:"),
    "beginnings of tokens": header("Subject: {}", "eyJ"),
    "a password without end": header('Subject: "password":"{}', "\\a"),
    "a head in pieces": HostileInput(header("Subject: {}", "a").make, in_pieces),
    "head and body in pieces": HostileInput(_with_body, in_pieces),
    "line ends in pieces": HostileInput(lambda size: b"\r\n" * (size // 2), in_pieces),
    # Four thousand messages, which each take their time.
    "messages at once": HostileInput(
        _many_messages, lambda data: in_pieces(data, len(data)), worst_ms=1000.0
    ),
    "formats": text(_SESSION + "m=audio 9 RTP/AVP 0{}\r\n", " 0", sdp.parse),
    "rtpmaps": description(" ".join(map(str, range(128))), "a=rtpmap:1 X/8000\r\n"),
    "fmtps": description(" ".join(map(str, range(128))), "a=fmtp:1 x\r\n"),
    "attributes": description("0", "a=\r\n"),
    "media lines": description("0", "m=audio 9 RTP/AVP 0\r\n"),
    "blanks in an rtpmap": description("0{}a=rtpmap:0", " "),
    "fields of a challenge": text('Digest realm="r",nonce="n"{}', ",a=b", digest.Challenge.parse),
    "quoted realm": text('Digest nonce="n",realm="{}"', "\\a", digest.Challenge.parse),
    "qops": text('Digest realm="r",nonce="n",qop="{}"', "auth,", digest.Challenge.parse),
    "digits of a log time": text('{"ts":{}}', "1", logline.parse),
    "nested log fields": text('{"a":{}', "[", logline.parse),
    "objects in log fields": text('{"a":[{}1]}', "[],", logline.parse),
    "numbers in log fields": text('{"a":[{}1]}', "1,", logline.parse),
    "tabs of a log line": text("2026-11-23T04:27:18.974Z{}", "\t", logline.parse),
    **{
        f"searched for {part!r}": text("password {}", part, search, _SEARCH_MS) for part in _OPENING
    },
    "backslashes of a password": text("password: {}", "\\", search, _SEARCH_MS),
}


def cpu_ms(hostile: HostileInput, size: int, repeats: int = REPEATS) -> float:
    """
    Return the shortest CPU time of several runs; that the input is refused does not matter.

    No two inputs are the same, because addresses are remembered.
    """
    return min(_once(hostile, hostile.make(size - 100 * run)) for run in range(repeats))


def _once(hostile: HostileInput, data: bytes) -> float:
    began = time.process_time()
    with suppress(ValueError):
        hostile.read(data)
    return (time.process_time() - began) * 1000


def main() -> None:
    """
    Print the table and fail if a line of it is too slow.
    """
    slow = []
    for name, hostile in INPUTS.items():
        small, large, huge = (cpu_ms(hostile, size) for size in (SMALL, LARGE, HUGE))
        ratio = large / small
        print(f"{name:24} {small:8.2f} {large:8.2f} {ratio:6.1f}x {huge:9.2f}")
        if ratio > WORST_RATIO or huge > hostile.worst_ms:
            slow.append(name)
    if slow:
        raise SystemExit(f"too slow: {', '.join(slow)}")
    print(f"{len(INPUTS)} kinds of input, all linear, 1 MB within its limit")


if __name__ == "__main__":
    main()
