"""
livekit-server, examined without changing anything: greeting, clock, keys, lists.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem, warning
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.trunks_and_rules import Telephony, read_telephony
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.findings import Says
from livekit_conformance.judges.api_key import reason_of
from livekit_conformance.judges.clock import EXACT_S, LEEWAY_S, judge_clock
from livekit_conformance.judges.secrecy import judge_secret
from livekit_conformance.judges.server import judge_greeting as judge_answer
from livekit_conformance.protocol.http_date import ClockOffset, clock_offset
from livekit_conformance.secrets.patterns import masked
from livekit_conformance.wording import phrase

# Statuses of livekit-server.
_NOT_READY, _SERVER_ERROR = 406, 500
# Words of livekit-server.
_WITHOUT_REDIS = "sip not connected"


@dataclass(frozen=True, slots=True)
class Greeting:
    """
    Response to GET /, with our Unix times before and after it.
    """

    status: int
    text: str
    headers: Mapping[str, str]
    asked: float
    answered: float


async def greet(client: LiveKitClient) -> Sequence[LinkFinding]:
    """
    Send GET /: check that it is livekit-server, that it is ready, and that its clock is right.
    """
    asked = time.time()
    try:
        answer = await client.get("/")
    except Unreachable as silent:
        return [does_not_answer(client.url, silent)]
    return judge_greeting(
        Greeting(answer.status, answer.text, answer.headers, asked, time.time()), client.url
    )


async def list_rooms(client: LiveKitClient, key: str) -> Sequence[LinkFinding]:
    """
    Send ListRooms: check that the server accepts the API key.
    """
    try:
        rooms = await client.list_rooms()
    except ApiRefused as refused:
        return [judge_refusal(refused, key)]
    except Unreachable as silent:
        return [does_not_answer(client.url, silent)]
    return [ok(Link.API_KEY, phrase("api-key.accepted", key=masked(key), rooms=str(len(rooms))))]


async def list_telephony(client: LiveKitClient) -> tuple[Telephony | None, Sequence[LinkFinding]]:
    """
    Send ListSIPInboundTrunk and ListSIPDispatchRule: return the lists, unless they are refused.
    """
    try:
        telephony = await read_telephony(client)
    except Unreachable as silent:
        return None, [does_not_answer(client.url, silent)]
    except Blocked as blocked:
        return None, [judge_missing_telephony(blocked)]
    counts = {"trunks": str(len(telephony.trunks)), "rules": str(len(telephony.rules))}
    return telephony, [ok(Link.GRANTS, phrase("sip-api.answers", **counts))]


# -- judgement


def does_not_answer(url: str, silent: Unreachable) -> LinkFinding:
    """
    Return the problem that the connection is established, but no answer comes.
    """
    what = phrase("server.silent", url=url, reason=silent.detail, waited=silent.waited)
    return problem(Link.SERVER, what)


def judge_greeting(greeting: Greeting, url: str) -> list[LinkFinding]:
    """
    Judge server, node and clock by the response to GET /.
    """
    if greeting.status == _NOT_READY:
        return [
            ok(Link.SERVER, phrase("server.answers")),
            problem(Link.NODE, phrase("server.not-ready")),
            *_clock(greeting),
        ]
    if any(judge_answer(greeting.status, greeting.text)):
        start = greeting.text[:60].strip()
        what = phrase("server.other-service", url=url, status=str(greeting.status), answer=start)
        return [problem(Link.SERVER, what)]
    return [ok(Link.SERVER, phrase("server.ready")), *_clock(greeting)]


def _clock(greeting: Greeting) -> Iterator[LinkFinding]:
    try:
        offset = clock_offset(
            greeting.headers["Date"], asked=greeting.asked, answered=greeting.answered
        )
    except (KeyError, ValueError):
        yield not_checked(Link.CLOCK, phrase("clock.no-date"))
        return
    yield clock_line(offset)


def clock_line(offset: ClockOffset) -> LinkFinding:
    """
    Judge the clock difference: small, large, or so large that tokens are refused.
    """
    differs = phrase(
        "clock.ahead" if offset.least + offset.most >= 0 else "clock.behind",
        seconds=abs(offset.least + offset.most) / 2,
        uncertainty=offset.uncertainty,
    )
    for within, mark in ((LEEWAY_S, problem), (EXACT_S, warning)):
        if (found := judge_clock(offset, within=within)) is not None:
            if found.says is Says.UNSEEN:
                return not_checked(Link.CLOCK, phrase("clock.too-slow"))
            return mark(Link.CLOCK, differs)
    return ok(Link.CLOCK, phrase("clock.agrees"))


def judge_refusal(refused: ApiRefused, key: str) -> LinkFinding:
    """
    Judge a refusal of ListRooms.
    """
    said = {
        "status": str(refused.status),
        "answer": " ".join(refused.text.split())[:120] or "(empty body)",
    }
    if refused.status >= _SERVER_ERROR:
        return problem(Link.NODE, phrase("server.no-rooms", **said))
    code = reason_of(refused.status, refused.text)
    return problem(Link.API_KEY, phrase(code, key=masked(key), **said))


def judge_missing_telephony(blocked: Blocked) -> LinkFinding:
    """
    Return the problem that trunks and rules cannot be listed.
    """
    refused = blocked.__cause__
    if not isinstance(refused, ApiRefused):
        return problem(Link.GRANTS, phrase("sip-api.refused", answer=blocked.reason))
    answer = f"{refused.status} {refused.text.strip()}"
    if _WITHOUT_REDIS in refused.text:
        return problem(Link.BUS, phrase("sip-api.without-redis", answer=answer))
    return problem(Link.GRANTS, phrase("sip-api.refused", answer=answer))


def secret_lines(secret: str) -> Iterator[LinkFinding]:
    """
    Check that the secret is long enough for the hash that it keys.
    """
    if (found := judge_secret(secret)) is not None:
        yield warning(Link.API_KEY, phrase("secret.too-short", length=str(found.data["length"])))
