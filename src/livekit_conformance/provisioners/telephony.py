"""
Trunks and a dispatch rule of our own: one number to call, and one that can be called.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from secrets import token_urlsafe

from livekit import api

from livekit_conformance.drivers.api.livekit_api import LiveKitClient

# 555-01xx is reserved for use in examples; calls to it reach nobody.
NUMBER = "+15550123"
# The other end of outbound calls: the called number, and the caller.
CALLEE = "+15550142"
_CALLER = "+15550143"
_OWNER = "livekit-conformance"


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """
    Number with the account that may call it.
    """

    number: str = NUMBER
    username: str = _OWNER
    password: str = field(default_factory=lambda: token_urlsafe(12), repr=False)


@dataclass(frozen=True, slots=True)
class OutboundLine:
    """
    Trunk that dials a number of ours, with the account that it uses there.
    """

    trunk_id: str
    number: str = CALLEE
    caller: str = _CALLER
    username: str = _OWNER
    password: str = field(default_factory=lambda: token_urlsafe(12), repr=False)


async def create_outbound_line(client: LiveKitClient, *, listen: str) -> OutboundLine:
    """
    Create an outbound trunk to `listen`, our own address; it can reach nobody else.
    """
    line = OutboundLine(trunk_id="")
    trunk = await client.create_outbound_trunk(
        api.SIPOutboundTrunkInfo(
            name=_OWNER,
            address=listen,
            transport=api.SIPTransport.SIP_TRANSPORT_UDP,
            numbers=[line.caller],
            auth_username=line.username,
            auth_password=line.password,
        )
    )
    return replace(line, trunk_id=trunk.sip_trunk_id)


async def create_line(client: LiveKitClient, *, room_prefix: str) -> PhoneLine:
    """
    Create a trunk for one number with credentials, and an Individual rule bound to it.

    The rule never catches foreign calls: it names its trunk and its number. Only for deployments
    of our own: both objects disappear when the deployment ends.
    """
    line = PhoneLine()
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
