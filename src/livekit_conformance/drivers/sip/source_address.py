"""
Source of our calls as the SIP server sees it: a trunk may allow some addresses only.
"""

from __future__ import annotations

from dataclasses import dataclass

from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.environments.profile import Sip
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.dispatch import IncomingCall
from livekit_conformance.protocol.sip.message import Response

_ANSWER_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """
    Source address of our requests, and the host of their From. Empty means unknown.
    """

    address: str = ""
    host: str = ""

    def call_to_number(self, sip: Sip) -> IncomingCall:
        """
        Return a call from the profile's caller to its number, as livekit-sip sees it.

        Behind a provider, livekit-sip sees the source of the provider, which is not known here.
        """
        if sip.provider:
            return IncomingCall(sip.caller, sip.number)
        return IncomingCall(sip.caller, sip.number, self.address, self.host)


def source_in(response: Response) -> Source:
    """
    Return the source of our request, from the Via of its response (RFC 3261 section 18.2.1).
    """
    via = response.via
    return Source(via.parameters.get("received") or via.host, via.host)


async def source_of_calls(sip: Sip, recorder: Recorder) -> Source:
    """
    Return the source of our calls, by OPTIONS; it is unknown if nobody answers.
    """
    if sip.provider or not sip.server:
        return Source()
    try:
        async with SipAgent(sip.address, sip.transport, recorder=recorder) as agent:
            return source_in(await agent.options(within=_ANSWER_WITHIN_S))
    except Unreachable:
        return Source()
