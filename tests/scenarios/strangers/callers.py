"""
Strangers that speak SIP: each coroutine is one event, and returns its outcome in a word.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

from livekit_conformance.drivers.sip.caller import Credentials
from livekit_conformance.protocol.sip import digest, sdp
from livekit_conformance.protocol.sip.address import NameAddr
from livekit_conformance.protocol.sip.dialog import Dialog, new_request
from livekit_conformance.protocol.sip.digest import Challenge
from livekit_conformance.protocol.sip.message import Request, Response
from tests.scenarios.raw_caller import ANSWER_WITHIN_S, Attempt, RawCaller, raw_caller
from tests.scenarios.strangers.target import LOBBY_NUMBER, PIN_NUMBER, UNKNOWN_NUMBERS, Target

_RINGS_S = 0.3
_BEFORE_IT_RINGS_S = 0.02
_TALKS_S = 1.0
_ANSWER_WITHIN_S = 8.0
_G729 = (sdp.Codec(18, "G729"),)
_WRONG_PASSWORD = "not-the-password-of-the-trunk"
_GARBAGE = (
    b"\x00" * 40,
    b"INVITE\r\n\r\n",
    b"INVITE sip:x SIP/9.9\r\nVia: ;;;\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"SIP/2.0 200 OK\r\nCall-ID: nobody\r\nCSeq: 1 INVITE\r\n\r\n",
    b"INVITE sip:+15550123@127.0.0.1 SIP/2.0\r\nContent-Length: 99999\r\n\r\nshort",
    secrets.token_bytes(200),
)


async def talk(target: Target) -> str:
    """
    Call the lobby, talk for a second, and hang up.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        dialog, answer = await _picked_up(caller, target, LOBBY_NUMBER)
        if dialog is not None and answer is not None:
            await caller.speak(answer, _TALKS_S)
            caller.send(dialog.request("BYE", via=caller.via())[1])
        return _status(answer)


async def never_hang_up(target: Target) -> str:
    """
    Call, talk, and vanish without a BYE.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        dialog, answer = await _picked_up(caller, target)
        if dialog is not None and answer is not None:
            await caller.speak(answer, _TALKS_S)
        return _status(answer)


async def enter_no_pin(target: Target) -> str:
    """
    Call the number that asks for a PIN, enter none, and hang up.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        dialog, answer = await _picked_up(caller, target, PIN_NUMBER)
        if dialog is not None:
            await asyncio.sleep(_TALKS_S)
            caller.send(dialog.request("BYE", via=caller.via())[1])
        return _status(answer)


async def never_acknowledge(target: Target) -> str:
    """
    Call, and send no ACK when the call is answered.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        invite, response = await _admitted(caller, target)
        if response is None or response.status != 180:
            return _status(response)
        answer = await caller.answer(invite, first=200, within=_ANSWER_WITHIN_S)
        # Retransmissions of the answer arrive at a socket that is open and says nothing.
        await asyncio.sleep(_TALKS_S)
        return _status(answer)


async def offer_unsuitable_codecs(target: Target) -> str:
    """
    Call with a codec that livekit-sip does not have.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        attempt = Attempt(target.profile.sip.number, next(target.callers), codecs=_G729)
        invite, response = await _admitted(caller, target, attempt)
        if response is not None and response.is_provisional:
            response = await caller.answer(invite, first=200)
            if response is not None:
                caller.send(caller.ack(invite, response))
        return _status(response)


async def cancel(target: Target) -> str:
    """
    Call, and give up as soon as it rings.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        invite, response = await _admitted(caller, target)
        if response is None or not response.is_provisional:
            return _status(response)
        await asyncio.sleep(_RINGS_S)
        return _status(await caller.give_up(invite))


async def vanish_while_ringing(target: Target) -> str:
    """
    Call, and vanish while it rings.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        _, response = await _admitted(caller, target)
        return _status(response)


async def wrong_password(target: Target) -> str:
    """
    Call with a wrong password.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        wrong = Credentials(target.account.username, _WRONG_PASSWORD)
        return _status((await _admitted(caller, target, account=wrong))[1])


async def unknown_number(target: Target) -> str:
    """
    Call a number of no trunk and give up at once.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        number = UNKNOWN_NUMBERS[next(target.numbers) % len(UNKNOWN_NUMBERS)]
        invite, response = await caller.invite(Attempt(number, next(target.callers)), within=1)
        if response is not None and response.is_provisional:
            response = await caller.give_up(invite) or response
        return _status(response)


async def duplicate_invite(target: Target) -> str:
    """
    Send each INVITE twice, as a network that copies packets does.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        attempt = Attempt(target.profile.sip.number, next(target.callers))
        invite, response = await caller.invite(attempt)
        caller.send(invite)
        await asyncio.sleep(_RINGS_S)
        return _status(response)


async def send_garbage(target: Target) -> str:
    """
    Send bytes that are no SIP, or hardly.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        garbage = _GARBAGE[next(target.numbers) % len(_GARBAGE)]
        caller.transport.sendto(garbage, target.sip)
        return "sent"


async def ask_options(target: Target) -> str:
    """
    Ask for OPTIONS, as load balancers and scanners do.
    """
    return await _ask(target, "OPTIONS", "friendly-scanner")


async def register(target: Target) -> str:
    """
    Try to register a guessed extension.
    """
    return await _ask(target, "REGISTER", f"{100 + next(target.numbers) % 900}")


async def hang_up_nothing(target: Target) -> str:
    """
    Send BYE for a call that does not exist.
    """
    return await _ask(target, "BYE", target.profile.sip.number)


async def invite_again(target: Target) -> str:
    """
    Call, send five re-INVITEs at once when it is answered, and hang up.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        dialog, answer = await _picked_up(caller, target)
        if dialog is None:
            return _status(answer)
        host, port = caller.address
        offer = str(sdp.offer(host, port, session_id=1, version=2)).encode()
        for _ in range(5):
            dialog, again = dialog.request(
                "INVITE", via=caller.via(), contact=dialog.local, body=offer
            )
            caller.send(again, [("Content-Type", sdp.CONTENT_TYPE.encode())])
        await asyncio.sleep(_RINGS_S)
        caller.send(dialog.request("BYE", via=caller.via())[1])
        return _status(answer)


async def cancel_at_once(target: Target) -> str:
    """
    Call as the suite's own caller, and give up before it rings, whatever that cancels.
    """
    async with raw_caller(target.sip, target.own_host) as caller:
        attempt = Attempt(target.profile.sip.number, target.profile.sip.caller)
        invite, _ = await _admitted(caller, target, attempt, within=_BEFORE_IT_RINGS_S)
        return _status(await caller.give_up(invite))


async def _picked_up(
    caller: RawCaller, target: Target, number: str | None = None
) -> tuple[Dialog | None, Response | None]:
    """
    Call and acknowledge the answer; without a 200 there is no dialog.
    """
    attempt = Attempt(number or target.profile.sip.number, next(target.callers))
    invite, answer = await _admitted(caller, target, attempt)
    if answer is not None and answer.is_provisional:
        answer = await caller.answer(invite, first=200, within=_ANSWER_WITHIN_S)
    if answer is None or not answer.is_success:
        return None, answer
    dialog = Dialog.of_caller(invite, answer)
    caller.send(dialog.ack(invite, via=caller.via()))
    return dialog, answer


async def _admitted(
    caller: RawCaller,
    target: Target,
    attempt: Attempt | None = None,
    account: Credentials | None = None,
    *,
    within: float = ANSWER_WITHIN_S,
) -> tuple[Request, Response | None]:
    """
    Send an INVITE, answer its challenge, and return the second INVITE with its first answer.
    """
    attempt = attempt or Attempt(target.profile.sip.number, next(target.callers))
    account = account or target.account
    invite, challenged = await caller.invite(attempt)
    if challenged is None or challenged.status != 407:
        return invite, challenged
    value = digest.authorization(
        Challenge.parse(challenged.headers.get("Proxy-Authenticate") or ""),
        username=account.username,
        password=account.password,
        method="INVITE",
        uri=caller.uri(attempt.number),
        cnonce=secrets.token_hex(8),
    )
    lines = [("Proxy-Authorization", value.encode())]
    invite, response = await caller.invite(attempt, lines, within=within)
    # Its ACK, CANCEL and BYE repeat the credentials.
    header = invite.headers.adding((lines[0][0], value))
    return replace(invite, headers=header), response


async def _ask(target: Target, method: str, user: str) -> str:
    async with raw_caller(target.sip, target.own_host) as caller:
        host, port = caller.address
        own = NameAddr(f"sip:{user}@{host}:{port}")
        request = new_request(
            method,
            caller.uri(user),
            via=caller.via(),
            caller=own.with_tag(secrets.token_hex(8)),
            callee=NameAddr(caller.uri(user)),
            call_id=f"stranger-{secrets.token_hex(8)}",
            cseq=1,
            contact=own,
        )
        caller.send(request)
        return _status(await caller.answer(request, first=200, within=1))


def _status(response: Response | None) -> str:
    return "silence" if response is None else str(response.status)
