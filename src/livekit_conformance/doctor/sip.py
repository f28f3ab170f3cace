"""
Reachability of livekit-sip without a call: OPTIONS.
"""

from __future__ import annotations

from collections.abc import Sequence

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, ok, problem, warning
from livekit_conformance.doctor.trunks_and_rules import Caller
from livekit_conformance.drivers.reachability import HostAndPort
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.environments.profile import Sip
from livekit_conformance.errors import Failure, Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.message import Response
from livekit_conformance.wording import phrase

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
    is_right = response.is_success or sip.provider
    what = phrase(
        "options.answered" if is_right else "options.of-another-service",
        server=sip.server,
        transport=sip.transport.upper(),
        status=str(response.status),
        reason=response.reason,
        by=phrase("options.by", name=who) if who else "",
    )
    return (ok if is_right else warning)(Link.SIP_SOCKET, what)


def judge_silence(sip: Sip, silent: Unreachable) -> LinkFinding:
    """
    Return the problem that OPTIONS got no response.
    """
    is_refused = silent.failure is Failure.REFUSED
    what = phrase(
        "options.port-closed" if is_refused else "options.silent",
        server=sip.server,
        transport=sip.transport.upper(),
        reason=silent.detail,
        waited=silent.waited,
        port=str(endpoint_of(sip).port),
        service=phrase("service.provider" if sip.provider else "service.livekit-sip"),
    )
    return problem(Link.SIP_SOCKET, what)
