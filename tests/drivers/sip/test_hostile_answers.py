"""
More than a hundred hostile answers to an INVITE, over UDP, TCP and TLS: the server is blamed for
them, and nothing is left behind.
"""

import asyncio
import gzip
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from livekit_conformance.drivers.calls.inbound_probe import ProbeCall
from livekit_conformance.drivers.calls.observations import answers_of
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.drivers.sip.outgoing_call import OutgoingCall
from livekit_conformance.drivers.sip.wire import TransportName
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.dialog import response_to
from livekit_conformance.protocol.sip.message import Headers, NameAddr, Request
from livekit_conformance.protocol.sip.outcome import CallOutcome
from livekit_conformance.waiting import wait_until
from tests import certificates
from tests.drivers.sip_server import ACCOUNT, CHALLENGE, HOST, QUICK, SERVERS, Server, dial

Change = Callable[[bytes], bytes]
Replies = Callable[[Server, Request], Iterable[bytes]]
_BODY = str(sdp.offer(HOST, 9, session_id=1)).encode()


def ok_to(server: Server, request: Request, tag: str = "callee") -> bytes:
    """
    Return a flawless 200 with all that it may have.
    """
    response = response_to(
        request,
        200,
        "OK",
        to_tag=tag,
        contact=NameAddr(f"sip:{HOST}:{server.address[1]}"),
        extra=Headers.of(
            ("Record-Route", f"<sip:{HOST}:{server.address[1]};lr>"),
            ("Content-Type", sdp.CONTENT_TYPE),
        ),
        body=_BODY,
    )
    return response.to_bytes()


def header(name: str, *values: str) -> Change:
    """
    Return a change that puts these values in the place of a header; none removes it.
    """
    lines = "".join(f"{name}: {value}\r\n" for value in values).encode()
    return lambda data: re.sub(rb"(?m)^%s:.*\r\n" % name.encode(), lambda _: lines, data, count=1)


def part(old: str, new: str) -> Change:
    """
    Return a change of the first match of a pattern.
    """
    return lambda data: re.sub(old.encode(), lambda _: new.encode(), data, count=1)


# A 200 that can be acted on: the call is up, so it gets ACK and BYE. The second is what is blamed.
ACTED_ON: dict[str, tuple[Change, str]] = {
    **{
        f"Contact {value}": (header("Contact", value), "Contact is unreadable")
        for value in (
            *("", "<", "foo", '"open', "<sip:a@b", "<sip:[:::::]>", "<sip:a@b:99999>"),
            *("<mailto:a@b>", "<tel:+15550100>", "<sip:>", "sip:a@b?c", "<sip:a b@c>", "\xe9"),
            *("<sip:a@b>;q=", "<sip:a@b>;;", "<http://b>"),
        )
    },
    "Contact *": (header("Contact", "*"), "no Contact"),
    "no Contact": (header("Contact"), "no Contact"),
    **{
        f"Record-Route {value}": (header("Record-Route", value), "Record-Route is unreadable")
        for value in (
            *("", "<", "foo", '"open', "<sip:a;lr", "<sip:[:::::];lr>", "<sip:a:99999;lr>"),
            *("<mailto:a@b>", "<sip:a>,", ",,,", "<sip:a;=>", "<sip:a;lr>,<tel:+1>"),
        )
    },
    "no To tag": (part(";tag=callee", ""), "To has no tag"),
    "two To tags": (part(";tag=callee", ";tag=callee;tag=other"), "tag stands more than once"),
    "two branches": (part(";rport", ";rport;branch=z9hG4bKother"), "branch stands more than once"),
    "two Vias": (part("\r\nFrom", "\r\nVia: SIP/2.0/UDP other.example\r\nFrom"), "2 Via values"),
    "no Content-Type": (header("Content-Type"), "a body without Content-Type"),
    "two Content-Types": (
        header("Content-Type", "application/sdp", "text/plain"),
        "Content-Type stands more than once",
    ),
    **{
        f"two headers {name}": (
            part("OK\r\n", f"OK\r\n{name}: 1\r\n{name}: 2\r\n"),
            f"{name} stands more than once",
        )
        for name in ("Expires", "Date", "Subject", "User-Agent", "Server", "Organization")
    },
    "a parameter of To twice": (
        part(";tag=callee", ";tag=callee;x;X=1"),
        "x stands more than once",
    ),
    "rport twice": (part(";rport", ";rport=1;rport=2"), "rport stands more than once"),
}
# A 200 to something else: it is not the answer, whatever it says.
NOT_THE_ANSWER: dict[str, tuple[Change, str]] = {
    "foreign branch": (part("branch=[^;\r]+", "branch=z9hG4bKforeign"), "17.1.3"),
    "no branch": (part("branch=[^;\r]+", "nothing"), "17.1.3"),
    "foreign Call-ID": (header("Call-ID", "foreign"), "8.2.6.2"),
    "foreign From tag": (part("(?m)^(From.*tag=).*$", "From: <sip:a@b>;tag=foreign\r"), "8.2.6.2"),
    "no From tag": (part("(?m)^From.*$", "From: <sip:a@b>\r"), "8.2.6.2"),
    "next CSeq": (header("CSeq", "2 INVITE"), "8.2.6.2"),
    "CSeq of a BYE": (header("CSeq", "1 BYE"), "17.1.3"),
    "CSeq in lower case": (header("CSeq", "1 invite"), "17.1.3"),
}
# What cannot be parsed at all.
UNREADABLE: dict[str, Change] = {
    "nothing but noise": lambda _: b"\xff\x00noise",
    "one line": lambda data: data.partition(b"\r\n")[0],
    "no empty line": lambda data: data.partition(b"\r\n\r\n")[0],
    "line feeds alone": lambda data: data.replace(b"\r\n", b"\n"),
    "another protocol": part("^SIP/2.0", "HTTP/1.1"),
    "version 3": part("^SIP/2.0", "SIP/3.0"),
    "status 099": part(" 200 ", " 099 "),
    "status 700": part(" 200 ", " 700 "),
    "status of letters": part(" 200 ", " OK "),
    "reason of controls": part(" OK", " \x00"),
    "binary header": lambda data: data.replace(b"OK\r\n", b"OK\r\nSubject: \xff\r\n", 1),
    "null in a header": part("OK\r\n", "OK\r\nSubject: \x00\r\n"),
    "line without colon": part("OK\r\n", "OK\r\nnonsense\r\n"),
    "blank header name": part("OK\r\n", "OK\r\n: nonsense\r\n"),
    "thousands of headers": part("OK\r\n", "OK\r\n" + "S:\r\n" * 3000),
    "thousands of parameters": part(";tag=callee", ";a" * 3000),
    "no Via": header("Via"),
    "empty Via": header("Via", ""),
    "Via of nonsense": header("Via", "nonsense"),
    "Via with a bad host": header("Via", "SIP/2.0/UDP [:::::];branch=z9hG4bK1"),
    "no From": header("From"),
    "two Froms": header("From", "<sip:a@b>;tag=1", "<sip:a@b>;tag=2"),
    "From of nonsense": header("From", "<nonsense"),
    "no To": header("To"),
    "empty To": header("To", ""),
    "To of nonsense": header("To", '"open <sip:a@b>'),
    "no Call-ID": header("Call-ID"),
    "empty Call-ID": header("Call-ID", ""),
    "two Call-IDs": header("Call-ID", "one", "two"),
    "no CSeq": header("CSeq"),
    "CSeq of words": header("CSeq", "one INVITE"),
    "CSeq too large": header("CSeq", "99999999999 INVITE"),
    "CSeq without a method": header("CSeq", "1"),
    "body shorter than told": header("Content-Length", "9999"),
    "negative length": header("Content-Length", "-1"),
    "length of letters": header("Content-Length", "many"),
    "two lengths": header("Content-Length", "0", "5"),
    "length in hexadecimal": header("Content-Length", "0x5"),
    "length with a plus": header("Content-Length", "+5"),
    "length of 400 digits": header("Content-Length", "9" * 400),
    "two blanks after the version": part("2.0 200", "2.0  200"),
    "tab after the version": part("2.0 200", "2.0\t200"),
    "status of four digits": part(" 200 ", " 2000 "),
    "status of foreign digits": part(" 200 ", " \u0662\u0660\u0660 "),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "gzip": gzip.compress,
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "carriage returns alone": lambda data: data.replace(b"\r\n", b"\r"),
    "banner of SSH": lambda _: b"SSH-2.0-OpenSSH_9.6\r\n",
    "answer of HTTP": lambda _: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "answer of STUN": lambda _: b"\x01\x01\x00\x0c\x21\x12\xa4\x42" + bytes(24),
    "alert of TLS": lambda _: b"\x15\x03\x03\x00\x02\x02\x46",
    "thousands of Vias": part("\r\nFrom", "\r\nVia: " + "a," * 3000 + "\r\nFrom"),
    "folded version": part("2.0 200", "2.0\r\n 200"),
    "Via with a port too large": part("(Via.*?127.0.0.1):[0-9]+", "Via: SIP/2.0/UDP a:99999"),
    "CSeq of -1": header("CSeq", "-1 INVITE"),
    "From with a quote left open": header("From", '"open <sip:a@b>;tag=1'),
}
# Answers whose media cannot be used: the call is up all the same.
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "noise": b"\xff\xfe",
    "no version": b"s=-\r\n",
    "version alone": b"v=0\r\n",
    "control in ptime": _BODY.replace(b"ptime:20", b"ptime:20\x1c"),
    "port too large": _BODY.replace(b"audio 9", b"audio 99999"),
    "refused stream": _BODY.replace(b"audio 9", b"audio 0"),
    "no stream": _BODY.partition(b"m=")[0],
    "thousands of formats": _BODY.replace(b"AVP 0", b"AVP" + b" 0" * 3000),
    "thousands of bad lines": _BODY + b"a=rtpmap:0 PCMU\r\n" * 2300,
    "host name": _BODY.replace(b"IP4 127.0.0.1", b"IP4 media.example"),
    "bad address": _BODY.replace(b"IP4 127.0.0.1", b"IP6 :::::"),
}


@dataclass
class Met:
    """
    A server and the call that it answered, after the agent of the call has ended.
    """

    server: Server
    call: OutgoingCall
    probe: ProbeCall


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """
    Fail if a socket or a task is left behind.
    """
    files, tasks = open_files(), asyncio.all_tasks()
    yield

    async def why_not_yet() -> str | None:
        if not asyncio.all_tasks() <= tasks:
            return "a task is left"
        return None if open_files() == files else "a socket is left"

    # Closed transports let go of their sockets in the next rounds.
    left = await wait_until(why_not_yet, within=1.0)
    assert left.came_true, str(left)


async def meet(
    recorder: Recorder,
    replies: Replies,
    *,
    answer_within: float = 0.1,
    until: Callable[[Server], bool] = lambda _server: True,
    transport: TransportName = "udp",
) -> Met:
    """
    Call a server that sends these replies to an INVITE, and accepts any BYE and CANCEL.
    """

    def behaviour(server: Server, request: Request) -> None:
        if request.method == "INVITE":
            for reply in replies(server, request):
                server.write(reply)
        elif request.method != "ACK":
            server.reply(request, 200, "OK")

    async with SERVERS[transport](behaviour) as server:
        async with SipAgent(server.address, transport, recorder=recorder, timing=QUICK) as agent:
            call = await dial(agent, credentials=ACCOUNT, answer_within=answer_within)
            await call.hang_up()
            await server.until(lambda: until(server), "what was to come did not come")
        assert not call.is_up
        assert call.media is None or call.media.closed
        probe = ProbeCall(call, 0.0, "", answers=answers_of(call))
    return Met(server, call, probe)


def sent_to(server: Server) -> list[str]:
    """
    Return the methods that `server` received; a busy machine sends one again, byte for byte.
    """
    distinct = {request.to_bytes(): request.method for request in server.requests}
    return [*distinct.values()]


def acted_on(met: Met, blamed: str) -> None:
    assert sent_to(met.server) == ["INVITE", "ACK", "BYE"]
    assert met.probe.outcome is CallOutcome.ANSWERED
    assert any(blamed in violation.seen for violation in met.call.violations), met.call.violations
    assert str(met.call.problem).startswith("answered, and 200 OK: ") or "media" in str(
        met.call.problem
    )


def not_the_answer(met: Met, section: str) -> None:
    assert set(met.server.methods) == {"INVITE"}
    assert not met.call.answered
    assert section in [violation.section for violation in met.call.violations]


def unreadable(met: Met, reason: str) -> None:
    assert met.probe.outcome is CallOutcome.SILENCE
    assert met.probe.story.startswith(f"no readable answer, but an unreadable message: {reason}")


# What each table of changed 200s expects of a call.
Expects = Callable[[Met, str], None]
TABLES: dict[Expects, dict[str, tuple[Change, str]]] = {
    acted_on: ACTED_ON,
    not_the_answer: NOT_THE_ANSWER,
    unreadable: {name: (change, "") for name, change in UNREADABLE.items()},
}


@pytest.mark.parametrize(
    ("expects", "change", "blamed"),
    [
        pytest.param(expects, change, blamed, id=f"{expects.__name__}-{name}")
        for expects, rows in TABLES.items()
        for name, (change, blamed) in rows.items()
    ],
)
async def test_a_hostile_answer_is_blamed_on_the_server(
    expects: Expects, change: Change, blamed: str, recorder: Recorder
) -> None:
    """
    A call that is up is acknowledged and hung up, an answer to something else is not the answer,
    and an unreadable one is not taken for silence.
    """
    async with nothing_left():
        met = await meet(recorder, lambda server, request: [change(ok_to(server, request))])

    expects(met, blamed)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_it_is_blamed_on_a_stream_as_well(
    transport: TransportName,
    recorder: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Also a message of which the rest never comes. Ten calls are made at a time.
    """
    for name, value in certificates.trust(tmp_path).items():
        monkeypatch.setenv(name, value)
    rows = [
        (expects, change, blamed)
        for expects, table in TABLES.items()
        for change, blamed in table.values()
    ]

    free = asyncio.Semaphore(10)

    async def met_with(change: Change) -> Met:
        def replies(server: Server, request: Request) -> list[bytes]:
            return [change(ok_to(server, request))]

        async with free:
            return await meet(recorder, replies, transport=transport, answer_within=0.5)

    async with nothing_left():
        all_met = await asyncio.gather(*(met_with(change) for _, change, _ in rows))

    for (expects, _, blamed), met in zip(rows, all_met, strict=True):
        expects(met, blamed)


def test_the_tables_hold_more_than_a_hundred_answers() -> None:
    assert sum(map(len, TABLES.values())) > 100


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_an_answer_without_usable_media_is_hung_up(body: bytes, recorder: Recorder) -> None:
    def replies(server: Server, request: Request) -> list[bytes]:
        head = ok_to(server, request).partition(b"\r\n\r\n")[0]
        length = header("Content-Length", str(len(body)))
        return [length(head + b"\r\n\r\n") + body]

    async with nothing_left():
        met = await meet(recorder, replies)

    assert sent_to(met.server) == ["INVITE", "ACK", "BYE"]
    assert "no usable media" in str(met.call.problem)


def refusal(server: Server, request: Request, status: int, *extra: tuple[str, object]) -> bytes:
    del server
    return response_to(request, status, "Reason", to_tag="c", extra=Headers.of(*extra)).to_bytes()


def after_a_486(server: Server, request: Request) -> list[bytes]:
    return [refusal(server, request, 486), ok_to(server, request)]


def without_a_challenge(server: Server, request: Request) -> list[bytes]:
    return [refusal(server, request, 407)]


def with_an_unreadable_challenge(server: Server, request: Request) -> list[bytes]:
    return [refusal(server, request, 407, ("Proxy-Authenticate", 'Digest realm="'))]


def with_a_stale_nonce_each_time(server: Server, request: Request) -> list[bytes]:
    value = f'Digest realm="r", nonce="{len(server.requests)}", stale=true'
    return [refusal(server, request, 407, ("Proxy-Authenticate", value))]


def answered_after_the_challenge(server: Server, request: Request) -> list[bytes]:
    if "Proxy-Authorization" in request.headers:
        return []
    challenge = refusal(server, request, 407, ("Proxy-Authenticate", CHALLENGE))
    return [challenge, ok_to(server, request)]


@pytest.mark.parametrize(
    ("replies", "methods", "status", "blamed"),
    [
        (after_a_486, {"INVITE": 1, "ACK": 2, "BYE": 1}, 486, None),
        (without_a_challenge, {"INVITE": 1, "ACK": 1}, 407, "no Proxy-Authenticate"),
        (with_an_unreadable_challenge, {"INVITE": 1, "ACK": 1}, 407, None),
        (with_a_stale_nonce_each_time, {"INVITE": 4, "ACK": 4}, 407, None),
    ],
)
async def test_a_refusal_stays_one(
    replies: Replies,
    methods: dict[str, int],
    status: int,
    blamed: str | None,
    recorder: Recorder,
) -> None:
    """
    A 200 that follows it is ended, so that no call stays up at the other side.
    """
    async with nothing_left():
        met = await meet(
            recorder,
            replies,
            answer_within=3.0,
            until=lambda server: Counter(sent_to(server)) == methods,
        )

    assert met.probe.outcome is CallOutcome.REFUSED
    assert met.call.summary.final_status == status
    assert not met.call.answered
    assert blamed is None or blamed in str(met.call.violations[0])


async def test_an_answer_to_the_challenged_invite_is_ended(recorder: Recorder) -> None:
    """
    The INVITE with credentials goes on, and is given up in the end.
    """
    async with nothing_left():
        met = await meet(
            recorder, answered_after_the_challenge, until=lambda server: "BYE" in server.methods
        )

    assert not met.call.answered
    ended = [str(r.cseq) for r in met.server.requests if r.method in {"ACK", "BYE"}]
    assert ended == ["1 ACK", "1 ACK", "2 BYE"]


async def test_a_server_that_answers_well_is_not_blamed(recorder: Recorder) -> None:
    """
    The positive control of all the others.
    """
    met = await meet(recorder, lambda server, request: [ok_to(server, request)])

    assert sent_to(met.server) == ["INVITE", "ACK", "BYE"]
    assert (met.call.violations, met.call.problem) == ([], None)
