"""
The SIP listener treats each call as configured, and reports the calls that came.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Unpack, cast

import pytest

from livekit_conformance.drivers.sip.callee import (
    ANSWER,
    BUSY,
    DECLINE,
    RING,
    SILENT,
    Behaviour,
    ReceivedCall,
    SipListener,
)
from livekit_conformance.drivers.sip.caller import Credentials, OutgoingCall, SipAgent
from livekit_conformance.observations import Recorder, SipExchange
from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.digest import DigestRefusal
from livekit_conformance.protocol.sip.ladder import draw
from livekit_conformance.protocol.sip.message import parse
from livekit_conformance.protocol.sip.transaction import DEFAULT_TIMING, Timing
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.prerequisites import SIPP
from livekit_conformance.waiting import wait_until
from tests.drivers.sip_server import ACCOUNT, HOST, QUICK, CallOptions
from tests.require import require

NUMBER = "+15550142"
CALLER = "+15550143"
SIPP_CALLER = Path(__file__).parents[2] / "mock" / "sipp_uac_digest.xml"
SIPP_WITHIN_S = 15.0
GONE = "481 Call/Transaction Does Not Exist"


def udp_socket(host: str = HOST) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind((host, 0))
    return bound


@asynccontextmanager
async def listening(
    recorder: Recorder, *, tone_hz: float = 440.0, timing: Timing = DEFAULT_TIMING
) -> AsyncIterator[SipListener]:
    async with SipListener(
        udp_socket(), number=NUMBER, recorder=recorder, tone_hz=tone_hz, timing=timing
    ) as listener:
        yield listener


@pytest.fixture
async def listener(recorder: Recorder) -> AsyncIterator[SipListener]:
    async with listening(recorder, tone_hz=1000.0) as listener:
        yield listener


def agent_for(listener: SipListener, recorder: Recorder) -> SipAgent:
    return SipAgent(listener.address, recorder=recorder, tone_hz=440.0)


@pytest.fixture
async def agent(listener: SipListener, recorder: Recorder) -> AsyncIterator[SipAgent]:
    async with agent_for(listener, recorder) as agent:
        yield agent


async def dial(
    agent: SipAgent, number: str = NUMBER, **options: Unpack[CallOptions]
) -> OutgoingCall:
    return await agent.call(number=number, caller=CALLER, **options)


async def until(holds: Callable[[], bool], call: ReceivedCall) -> None:
    async def why_not_yet() -> str | None:
        return None if holds() else call.story

    waited = await wait_until(why_not_yet, within=3.0)
    assert waited.came_true, str(waited)


def sent(call: ReceivedCall) -> list[str]:
    return [step.label for step in call.ladder if step.direction == "sent"]


async def test_an_answered_call_is_heard_on_both_sides(
    listener: SipListener, agent: SipAgent
) -> None:
    with listener.behaving(ANSWER) as came:
        call = await dial(agent)
    [received] = came
    await until(lambda: received.acknowledged, received)
    assert received.media is not None
    assert call.media is not None
    callee, caller = await asyncio.gather(received.media.listen(0.4), call.media.listen(0.4))
    bye = await call.hang_up()

    assert sent(received)[:3] == ["100 Trying", "180 Ringing", "200 OK"]
    assert (received.caller, received.status) == (CALLER, 200)
    assert callee.dominant_hz == pytest.approx(440.0, abs=5.0)
    assert caller.dominant_hz == pytest.approx(1000.0, abs=5.0)
    assert bye is not None
    assert (bye.status, received.remote_bye, received.is_up) == (200, True, False)


async def test_the_listener_hangs_up(listener: SipListener, agent: SipAgent) -> None:
    with listener.behaving(ANSWER) as came:
        call = await dial(agent)
    await until(lambda: came[0].acknowledged, came[0])
    bye = await came[0].hang_up()

    assert bye is not None
    assert (bye.status, call.remote_bye) == (200, True)
    assert await came[0].hang_up() is None


@pytest.mark.parametrize(
    ("behaviour", "label"),
    [
        (BUSY, "486 Busy Here"),
        (DECLINE, "603 Decline"),
        (Behaviour(404), "404 Not Found"),
        (Behaviour(503, ()), "503 Service Unavailable"),
    ],
    ids=["busy", "decline", "unknown", "unavailable"],
)
async def test_a_refusal_is_the_one_that_was_told(
    listener: SipListener, agent: SipAgent, behaviour: Behaviour, label: str
) -> None:
    with listener.behaving(behaviour) as came:
        call = await dial(agent)

    assert call.final is not None
    assert call.final.label == label
    assert (came[0].status, came[0].answered) == (behaviour.final, False)


async def test_it_rings_until_the_caller_cancels(listener: SipListener, agent: SipAgent) -> None:
    with listener.behaving(RING) as came:
        call = await dial(agent, answer_within=0.2)
    waited = await came[0].until_hung_up(1.0)

    assert waited.came_true
    assert sent(came[0])[:2] == ["100 Trying", "180 Ringing"]
    assert (call.cancelled, call.summary.final_status) == (True, 487)
    assert (came[0].cancelled, came[0].status) == (True, 487)


async def test_silence_is_silence_and_the_call_is_recorded(
    listener: SipListener, agent: SipAgent
) -> None:
    with listener.behaving(SILENT) as came:
        call = await dial(agent, answer_within=0.2)
    waited = await came[0].until_hung_up(0.05)

    assert [step.direction for step in call.ladder] == ["sent"]
    assert sent(came[0]) == []
    assert came[0].invite.call_id == call.call_id
    assert not waited.came_true
    assert "<- INVITE" in str(waited)


async def test_the_right_account_passes_after_one_challenge(
    listener: SipListener, agent: SipAgent
) -> None:
    with listener.behaving(ANSWER.asking(ACCOUNT)) as came:
        call = await dial(agent, credentials=ACCOUNT)

    assert (call.answered, came[0].challenges, came[0].refusal) == (True, 1, None)


@pytest.mark.parametrize(
    ("account", "refusal", "challenges"),
    [
        (None, None, 1),
        (Credentials(ACCOUNT.username, "looking-glass-42"), DigestRefusal.RESPONSE, 2),
        (Credentials("bob", ACCOUNT.password), DigestRefusal.USERNAME, 2),
    ],
    ids=["none", "wrong-password", "wrong-user"],
)
async def test_any_other_account_is_challenged_again(
    listener: SipListener,
    agent: SipAgent,
    account: Credentials | None,
    refusal: DigestRefusal | None,
    challenges: int,
) -> None:
    with listener.behaving(ANSWER.asking(ACCOUNT)) as came:
        call = await dial(agent, credentials=account)

    assert call.final is not None
    assert (call.final.status, call.answered) == (407, False)
    assert (came[0].refusal, came[0].challenges, came[0].answered) == (refusal, challenges, False)
    nonces = {step.text.partition("nonce=")[2][:34] for step in call.ladder if step.status == 407}
    assert len(nonces) == challenges


@pytest.mark.parametrize(
    ("number", "status"), [("+15550199", 404), (NUMBER, 480)], ids=["other-number", "unexpected"]
)
async def test_a_call_that_nobody_waits_for_is_refused(
    listener: SipListener, agent: SipAgent, number: str, status: int
) -> None:
    call = await dial(agent, number)

    assert call.final is not None
    assert call.final.status == status


async def test_strangers_do_not_get_into_the_list(listener: SipListener, agent: SipAgent) -> None:
    with listener.behaving(ANSWER) as came:
        stranger = await dial(agent, "+15550199")
        ours = await dial(agent, NUMBER.removeprefix("+"))

    assert stranger.final is not None
    assert stranger.final.status == 404
    assert [call.call_id for call in came] == [ours.call_id]


async def test_options_is_answered(listener: SipListener, agent: SipAgent) -> None:
    response = await agent.options()

    assert response.status == 200


async def test_a_call_that_is_up_ends_with_the_listener(recorder: Recorder) -> None:
    async with listening(recorder) as listener, agent_for(listener, recorder) as agent:
        with listener.behaving(ANSWER) as came:
            call = await dial(agent)
        await until(lambda: came[0].acknowledged, came[0])
        await came[0].leave(1.0)

        assert call.remote_bye


class Stranger(asyncio.DatagramProtocol):
    """
    Sends messages of its choice and keeps those it receives.
    """

    def __init__(self) -> None:
        self.received: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # In Python 3.11 asyncio's own transport is no subclass of this.
        self.transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        del addr
        self.received.append(parse(data).label)

    def invite(self, to: SipListener, offer: str, **headers: str | None) -> None:
        """
        Send an INVITE; None leaves a header out.
        """
        self.send(to, "INVITE", offer, **headers)

    def send(self, to: SipListener, method: str, body: str = "", **headers: str | None) -> None:
        fields: dict[str, str | None] = {
            "Via": f"SIP/2.0/UDP {HOST}:{self.port};branch=z9hG4bK-{len(self.received)}",
            "Max-Forwards": "70",
            "From": f"<sip:{CALLER}@{HOST}>;tag=stranger",
            "To": f"<sip:{NUMBER}@{HOST}>",
            "Call-ID": "stranger-1",
            "CSeq": f"1 {method}",
            "Contact": f"<sip:{CALLER}@{HOST}:{self.port}>",
            "Content-Type": sdp.CONTENT_TYPE,
        }
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} sip:{NUMBER}@{HOST} SIP/2.0"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
        data = "\r\n".join([*lines, "", body]).encode()
        self.transport.sendto(data, to.address)


@pytest.fixture
async def stranger() -> AsyncIterator[Stranger]:
    loop = asyncio.get_running_loop()
    transport, stranger = await loop.create_datagram_endpoint(Stranger, local_addr=(HOST, 0))
    yield stranger
    transport.close()


OFFER = str(sdp.offer(HOST, 40000, session_id=1))


async def test_an_answer_that_nobody_acknowledges_is_repeated_and_then_ended(
    recorder: Recorder, stranger: Stranger
) -> None:
    """
    RFC 3261 section 13.3.1.4: repeated for 64*T1, then BYE.
    """
    async with listening(recorder, timing=QUICK) as listener:
        with listener.behaving(ANSWER) as came:
            stranger.invite(listener, OFFER)
            await until_in(stranger, "BYE")

    assert stranger.received.count("200 OK") >= 4
    assert came[0].problem == "the answer was never acknowledged"
    assert not came[0].is_up


@pytest.mark.parametrize(
    "offer",
    ["", OFFER.replace("PCMU", "opus").replace("/AVP 0", "/AVP 96").replace(":0 ", ":96 ")],
    ids=["none", "opus-only"],
)
async def test_an_offer_that_cannot_be_answered_gets_488(
    listener: SipListener, stranger: Stranger, offer: str
) -> None:
    with listener.behaving(ANSWER) as came:
        stranger.invite(listener, offer)
        await until_in(stranger, "488 Not Acceptable Here")

    assert came[0].problem is not None
    assert not came[0].answered


@pytest.mark.parametrize(
    ("headers", "label", "blamed"),
    [
        ({"Max_Forwards": None}, "200 OK", "8.1.1.6"),
        ({"From": f"<sip:{CALLER}@{HOST}>"}, "200 OK", "8.1.1.3"),
        ({"Call_ID": "with a blank"}, "200 OK", "20.8"),
        ({"Contact": None}, "400 Bad Request", "8.1.1.8"),
        ({"Contact": "<sip:[:::::]>"}, "400 Bad Request", "8.1.1.8"),
        ({"From": f"<sip:{CALLER}@{HOST}>;tag=1;tag=2"}, "400 Bad Request", "7.3.1"),
    ],
    ids=["max-forwards", "no-tag", "call-id", "no-contact", "bad-contact", "two-tags"],
)
async def test_an_invite_that_breaks_a_rule_is_held_against_its_caller(
    headers: dict[str, str | None],
    label: str,
    blamed: str,
    listener: SipListener,
    stranger: Stranger,
    recorder: Recorder,
) -> None:
    """
    It is refused only if it cannot be acted on.
    """
    with listener.behaving(ANSWER) as came:
        stranger.invite(listener, OFFER, **headers)
        await until_in(stranger, label)

    seen = [o for o in recorder.observations if isinstance(o, SipExchange)]
    told = [o.text for o in seen if "!!" in o.summary]
    assert len(told) == 1
    assert f"section {blamed})" in told[0]
    assert [violation.section for violation in listener.violations] == [blamed]
    assert [[violation.section for violation in call.violations] for call in came] == (
        [[blamed]] if label == "200 OK" else []
    )


# What names nobody to answer, or nothing.
UNREADABLE: tuple[dict[str, str | None], ...] = (
    {"Via": "nonsense"},
    {"Via": None},
    {"Via": "SIP/2.0/UDP [:::::];branch=z9hG4bK1"},
    {"From": "<"},
    {"To": '"open'},
    {"CSeq": "one BYE"},
    {"CSeq": None},
)


async def test_an_unreadable_request_is_held_against_its_call(
    listener: SipListener, stranger: Stranger
) -> None:
    async def why_not_yet() -> str | None:
        seen = listener.violations
        return None if len(seen) == len(UNREADABLE) else f"held against somebody: {seen}"

    with listener.behaving(ANSWER) as came:
        stranger.invite(listener, OFFER)
        await until_in(stranger, "200 OK")
        for headers in UNREADABLE:
            stranger.send(listener, "BYE", "", **headers)
        waited = await wait_until(why_not_yet, within=2.0)

    assert waited.came_true, str(waited)
    assert came[0].violations == list(listener.violations)
    assert {violation.section for violation in came[0].violations} == {"25.1"}
    assert came[0].is_up


@pytest.mark.parametrize(
    ("method", "headers", "label"),
    [
        (
            "BYE",
            {"To": f"<sip:{NUMBER}@{HOST}>;tag=foreign"},
            GONE,
        ),
        ("BYE", {"From": f"<sip:a@{HOST}>;tag=foreign"}, GONE),
        ("CANCEL", {"CSeq": "9 CANCEL"}, GONE),
        ("INVITE", {"CSeq": "2 INVITE"}, "482 Loop Detected"),
    ],
    ids=["to-tag", "from-tag", "cancel", "second-invite"],
)
async def test_a_request_of_no_dialog_leaves_the_call_alone(
    method: str,
    headers: dict[str, str | None],
    label: str,
    listener: SipListener,
    stranger: Stranger,
) -> None:
    """
    RFC 3261 sections 12.2.2, 9.2 and 8.2.2.2.
    """
    with listener.behaving(ANSWER) as came:
        stranger.invite(listener, OFFER)
        await until_in(stranger, "200 OK")
        branch = f"SIP/2.0/UDP {HOST}:{stranger.port};branch=z9hG4bK-another"
        stranger.send(listener, method, OFFER, Via=branch, **headers)
        await until_in(stranger, label)

    assert came[0].is_up
    assert not came[0].cancelled


async def test_a_bye_that_was_overtaken_is_refused(
    listener: SipListener, stranger: Stranger
) -> None:
    """
    RFC 3261 section 12.2.2: the CSeq of a dialog only grows.
    """
    with listener.behaving(ANSWER) as came:
        stranger.invite(listener, OFFER, CSeq="5 INVITE")
        await until_in(stranger, "200 OK")
        answer = next(step for step in came[0].ladder if step.status == 200)
        to = next(line for line in answer.text.splitlines() if line.startswith("To: "))
        via = f"SIP/2.0/UDP {HOST}:{stranger.port};branch=z9hG4bK-{{}}"
        within: dict[str, str | None] = {"To": to.removeprefix("To: "), "Content_Type": None}
        late = within | {"Via": via.format("late"), "CSeq": "4 BYE"}
        stranger.send(listener, "BYE", "", **late)
        await until_in(stranger, "500 Server Internal Error")
        still_up = came[0].is_up
        following = within | {"Via": via.format("next"), "CSeq": "6 BYE"}
        stranger.send(listener, "BYE", "", **following)
        await until(lambda: came[0].remote_bye, came[0])

    assert still_up


async def test_an_ack_of_another_answer_does_not_end_the_repetition(
    recorder: Recorder, stranger: Stranger
) -> None:
    """
    RFC 3261 section 13.2.2.4: an ACK has the tags and the CSeq number of its INVITE.
    """
    async with listening(recorder, timing=QUICK) as listener:
        with listener.behaving(ANSWER) as came:
            stranger.invite(listener, OFFER)
            await until_in(stranger, "200 OK")
            stranger.send(listener, "ACK", To=f"<sip:{NUMBER}@{HOST}>;tag=foreign")
            await until_in(stranger, "BYE")

    assert not came[0].acknowledged


async def test_responses_go_to_the_port_that_the_via_names(
    listener: SipListener, stranger: Stranger
) -> None:
    """
    RFC 3261 section 18.2.2: without rport, not to the port from which the request came.
    """
    loop = asyncio.get_running_loop()
    transport, other = await loop.create_datagram_endpoint(Stranger, local_addr=(HOST, 0))
    try:
        with listener.behaving(BUSY):
            via = f"SIP/2.0/UDP {HOST}:{other.port};branch=z9hG4bK-elsewhere"
            stranger.invite(listener, OFFER, Via=via)
            await until_in(other, "486 Busy Here")
    finally:
        transport.close()

    assert stranger.received == []


async def until_in(stranger: Stranger, label: str) -> None:
    async def why_not_yet() -> str | None:
        return None if label in stranger.received else f"{label} did not come: {stranger.received}"

    waited = await wait_until(why_not_yet, within=5.0)
    assert waited.came_true, str(waited)


@asynccontextmanager
async def sipp(
    folder: Path, target: tuple[str, int], host: str, account: Credentials
) -> AsyncIterator[asyncio.subprocess.Process]:
    program = require(SIPP)
    process = await asyncio.create_subprocess_exec(
        *(program, ":".join(map(str, target)), "-sf", str(SIPP_CALLER), "-i", host, "-m", "1"),
        *("-s", NUMBER, "-au", account.username, "-ap", account.password),
        *("-mi", host, "-mp", "6000", "-rtp_echo", "-timeout", f"{SIPP_WITHIN_S:.0f}"),
        *("-nostdin", "-trace_err", "-error_file", "errors.log"),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_sipp_calls_the_listener_and_counts_a_success(
    tmp_path: Path, recorder: Recorder
) -> None:
    """
    Independent code completes INVITE, 407, ACK, INVITE with digest, 180, 200, ACK, RTP, BYE, 200.
    """
    with own_loopback_address() as host:
        bound = udp_socket(host)
        async with SipListener(bound, number=NUMBER, recorder=recorder, tone_hz=620.0) as listener:
            with listener.behaving(ANSWER.asking(ACCOUNT)) as came:
                async with sipp(tmp_path, listener.address, host, ACCOUNT) as caller:
                    await wait_until(lambda: _none_came(came), within=SIPP_WITHIN_S)
                    await until(lambda: came[0].acknowledged, came[0])
                    assert came[0].media is not None
                    echo = await came[0].media.listen(0.25)
                    async with asyncio.timeout(SIPP_WITHIN_S):
                        status = await caller.wait()

    errors = tmp_path / "errors.log"
    assert status == 0, errors.read_text() if errors.exists() else draw(came[0].ladder)
    assert (came[0].challenges, came[0].refusal, came[0].remote_bye) == (1, None, True)
    assert echo.dominant_hz == pytest.approx(620.0, abs=5.0)


async def test_sipp_with_a_wrong_password_is_not_let_in(tmp_path: Path, recorder: Recorder) -> None:
    wrong = Credentials(ACCOUNT.username, "looking-glass-42")
    with own_loopback_address() as host:
        async with SipListener(udp_socket(host), number=NUMBER, recorder=recorder) as listener:
            with listener.behaving(ANSWER.asking(ACCOUNT)) as came:
                async with sipp(tmp_path, listener.address, host, wrong):
                    await wait_until(lambda: _none_came(came), within=SIPP_WITHIN_S)
                    await until(lambda: came[0].challenges == 2, came[0])

    assert (came[0].refusal, came[0].answered) == (DigestRefusal.RESPONSE, False)


async def _none_came(came: list[ReceivedCall]) -> str | None:
    return None if came else "no call came"
