"""
Reachability of livekit-sip without a call: OPTIONS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, judged, of_judge, problem
from livekit_conformance.drivers.reachability import HostAndPort
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.drivers.sip.source_address import Source, source_in
from livekit_conformance.environments.profile import Sip
from livekit_conformance.errors import Failure, Unreachable
from livekit_conformance.findings import Says
from livekit_conformance.judges.sip_socket import judge_options, judge_silence, software_of
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.message import Response
from livekit_conformance.wording import phrase

_CLAUSE = "1.5-sip-answers-options"
# Together shorter than the deadline of a probe, with time for the connection.
_ANSWER_WITHIN_S, _OVER_TCP_S = 1.8, 0.8


def endpoint_of(sip: Sip) -> HostAndPort:
    """
    Return the host and port of `sip.server`.
    """
    return HostAndPort(*sip.address, sip.transport == "tls")


async def ask_options(sip: Sip, recorder: Recorder) -> tuple[Source, Sequence[LinkFinding]]:
    """
    Send OPTIONS: return our source address as the service sees it, and the findings.
    """
    agent = SipAgent(sip.address, sip.transport, recorder=recorder)
    try:
        async with agent:
            response = await agent.options(within=_ANSWER_WITHIN_S)
    except Unreachable as silent:
        ask_again = silent.phase == "answer" and sip.transport == "udp" and not sip.provider
        other = await agent.answer_over_tcp(within=_OVER_TCP_S) if ask_again else None
        return Source(), judge_no_answer(sip, silent, other)
    return source_in(response), judge_response(sip, response)


# -- judgement


def judge_response(sip: Sip, response: Response) -> list[LinkFinding]:
    """
    Judge the response to OPTIONS. A provider may answer as it likes.
    """
    who = software_of(response)
    right = phrase(
        "options.answered",
        server=sip.server,
        transport=sip.transport.upper(),
        status=str(response.status),
        reason=response.reason,
        by=phrase("options.by", name=who) if who else "",
    )
    return [*judged(_CLAUSE, () if sip.provider else judge_options(response), right)]


def judge_no_answer(
    sip: Sip, silent: Unreachable, over_tcp: Response | Unreachable | None
) -> list[LinkFinding]:
    """
    Return the problem that OPTIONS got no response, with the result `over_tcp` if that was tried.
    """
    if over_tcp is not None:
        return [of_judge(replace(judge_silence(silent, over_tcp), says=Says.VIOLATED), _CLAUSE)]
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
    return [problem(Link.SIP_SOCKET, what)]
