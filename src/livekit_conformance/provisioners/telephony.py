"""
One inbound trunk and one dispatch rule of our own, so that there is a number to call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_urlsafe

from livekit import api

from livekit_conformance.drivers.livekit_api import LiveKitClient

# 555-01xx is reserved for use in examples; nobody can be called by it.
NUMBER = "+15550123"
_OWNER = "livekit-conformance"


@dataclass(frozen=True, slots=True)
class Line:
    """
    A number with the account that may call it.
    """

    number: str = NUMBER
    username: str = _OWNER
    password: str = field(default_factory=lambda: token_urlsafe(12), repr=False)


async def create_line(client: LiveKitClient, *, room_prefix: str) -> Line:
    """
    A trunk for one number with credentials, and an Individual rule bound to it.

    The rule never catches foreign calls: it names its trunk and its number. Only for deployments
    of our own, which take the two with them when they end.
    """
    line = Line()
    trunk = await client.create_inbound_trunk(
        api.SIPInboundTrunkInfo(
            name=_OWNER,
            numbers=[line.number],
            auth_username=line.username,
            auth_password=line.password,
        )
    )
    individual = api.SIPDispatchRuleIndividual(room_prefix=room_prefix)
    await client.create_dispatch_rule(
        api.SIPDispatchRuleInfo(
            name=_OWNER,
            trunk_ids=[trunk.sip_trunk_id],
            numbers=[line.number],
            rule=api.SIPDispatchRule(dispatch_rule_individual=individual),
        )
    )
    return line
