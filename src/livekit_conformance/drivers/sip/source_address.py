"""
Source address of our calls as the SIP server sees it: a trunk may allow some addresses only.
"""

from __future__ import annotations

from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.environments.profile import Sip
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder

_ANSWER_WITHIN_S = 1.0


async def source_of_calls(sip: Sip, recorder: Recorder) -> str:
    """
    Return the IP address in the Via of the response to OPTIONS (RFC 3261 section 18.2.1).

    Empty if it is unknown: nobody answers, or a provider would see it instead of livekit-sip.
    """
    if sip.provider or not sip.server:
        return ""
    try:
        async with SipAgent(sip.address, sip.transport, recorder=recorder) as agent:
            via = (await agent.options(within=_ANSWER_WITHIN_S)).via
    except Unreachable:
        return ""
    return via.parameters.get("received") or via.host
