"""
livekit-server, examined without changing anything: greeting, clock, keys, lists.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, judged, ok, problem
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.trunks_and_rules import Telephony, read_telephony
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.judges.api_key import judge_key
from livekit_conformance.judges.clock import EXACT_S, LEEWAY_S, judge_clock
from livekit_conformance.judges.server import judge_greeting, judge_readiness
from livekit_conformance.secrets.patterns import masked
from livekit_conformance.wording import phrase

# Words of livekit-server.
_WITHOUT_REDIS = "sip not connected"


async def greet(client: LiveKitClient) -> Sequence[LinkFinding]:
    """
    Send GET /: check that it is livekit-server, that it is ready, and that its clock is right.
    """
    asked = time.time()
    try:
        answer = await client.get("/")
    except Unreachable as silent:
        return [does_not_answer(client.url, silent)]
    return judge_answer(answer, asked=asked, answered=time.time())


async def list_rooms(client: LiveKitClient, key: str) -> Sequence[LinkFinding]:
    """
    Send ListRooms: check that the server accepts the API key.
    """
    try:
        rooms = await client.list_rooms()
    except ApiRefused as refused:
        return [*judge_refusal(refused, key)]
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


def judge_answer(answer: HttpAnswer, *, asked: float, answered: float) -> list[LinkFinding]:
    """
    Judge server, node and clock by the answer to GET /, with our Unix times around it.
    """
    of = (answer.status, answer.text)
    if wrong := [*judged("1.1-server-answers", judge_greeting(*of))]:
        return wrong
    not_ready = [*judged("1.1-server-is-ready", judge_readiness(*of))]
    answers = ok(Link.SERVER, phrase("server.answers" if not_ready else "server.ready"))
    return [answers, *not_ready, _clock(answer.headers, asked, answered)]


def _clock(headers: Mapping[str, str], asked: float, answered: float) -> LinkFinding:
    """
    Judge the clock difference: small, large, or so large that tokens are refused.
    """
    for clause, within in (("1.1-clock-agrees", LEEWAY_S), ("1.1-clock-is-exact", EXACT_S)):
        found = judge_clock(headers, asked=asked, answered=answered, within=within)
        for finding in judged(clause, found):
            return finding
    return ok(Link.CLOCK, phrase("clock.agrees"))


def judge_refusal(refused: ApiRefused, key: str) -> Iterator[LinkFinding]:
    """
    Judge a refusal of ListRooms.
    """
    answer = " ".join(refused.text.split())[:120] or "(empty body)"
    shown = f"the API key `{masked(key)}` is refused: {refused.status} `{answer}`"
    yield from judged("1.1-key-is-accepted", judge_key(refused.status, refused.text, shown=shown))


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
