"""
Reachability of livekit-sip without a call: OPTIONS.
"""

from __future__ import annotations

from collections.abc import Sequence

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, ok, problem, warning
from livekit_conformance.doctor.trunks_and_rules import Caller
from livekit_conformance.drivers.reachability import HostAndPort
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.environments.profile import Sip
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.message import Response

# Shorter than the deadline of a probe, with time for the connection.
_ANSWER_WITHIN_S = 2.5


def endpoint_of(sip: Sip) -> HostAndPort:
    """
    Return the host and port of `sip.server`.
    """
    return HostAndPort(*sip.address, sip.transport == "tls")


async def ask_options(sip: Sip, recorder: Recorder) -> tuple[Caller, Sequence[LinkFinding]]:
    """
    Send OPTIONS: return our source address as the service sees it, and the findings.
    """
    try:
        async with SipAgent(sip.address, sip.transport, recorder=recorder) as agent:
            response = await agent.options(within=_ANSWER_WITHIN_S)
    except Unreachable as silent:
        return Caller(), [judge_silence(sip, silent)]
    return caller_in(response), [judge_response(sip, response)]


# -- judgement


def caller_in(response: Response) -> Caller:
    """
    Return the source of our request, from the returned Via (RFC 3261 section 18.2.1).
    """
    via = response.via
    return Caller(via.parameters.get("received") or via.host, via.host)


def judge_response(sip: Sip, response: Response) -> LinkFinding:
    """
    Judge the response to OPTIONS. livekit-sip answers 200 without its version.
    """
    who = response.headers.get("Server") or response.headers.get("User-Agent")
    by = f", `{who}`" if who else ""
    text = Text(
        en=f"`{sip.server}` answers OPTIONS over {sip.transport.upper()}: "
        f"`{response.status} {response.reason}`{by}",
        ru=f"`{sip.server}` отвечает на OPTIONS по {sip.transport.upper()}: "
        f"`{response.status} {response.reason}`{by}",
    )
    if response.is_success or sip.provider:
        return ok(Link.SIP_SOCKET, text)
    return warning(
        Link.SIP_SOCKET,
        text,
        Text(
            en="livekit-sip answers 200, so another service is at `sip.server`. Correct it, or set "
            "`sip.provider: true` in the profile if a provider belongs there",
            ru="livekit-sip отвечает 200, значит, по адресу `sip.server` не он. Исправьте адрес "
            "или укажите в профиле `sip.provider: true`, если там и должен быть провайдер",
        ),
    )


def judge_silence(sip: Sip, silent: Unreachable) -> LinkFinding:
    """
    Return the problem that OPTIONS got no response.
    """
    endpoint = endpoint_of(sip)
    text = Text(
        en=f"`{sip.server}` does not answer OPTIONS over {sip.transport.upper()}: "
        f"`{silent.detail}` (after {silent.waited:.1f} s)",
        ru=f"`{sip.server}` не отвечает на OPTIONS по {sip.transport.upper()}: "
        f"`{silent.detail}` (за {silent.waited:.1f} с)",
    )
    who = Text(
        en="the SIP service of the provider" if sip.provider else "livekit-sip",
        ru="SIP-сервис провайдера" if sip.provider else "livekit-sip",
    )
    if "refused" in silent.detail.lower():
        return problem(
            Link.SIP_SOCKET,
            text,
            Text(
                en=f"Nothing listens there: start {who.en}, and compare port {endpoint.port} with "
                "`sip_port` in livekit-sip.yaml",
                ru=f"Там никто не слушает: запустите {who.ru} и сверьте порт {endpoint.port} с "
                "`sip_port` в livekit-sip.yaml",
            ),
        )
    return problem(
        Link.SIP_SOCKET,
        text,
        Text(
            en=f"Check that {who.en} runs and does not hang, and open {sip.transport.upper()} port "
            f"{endpoint.port} in the firewall of its machine, for the responses too",
            ru=f"Проверьте, что {who.ru} работает и не завис, и откройте порт {endpoint.port} "
            f"({sip.transport.upper()}) в межсетевом экране его машины, для ответов тоже",
        ),
    )
