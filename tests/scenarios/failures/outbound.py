"""
Failures that keep outbound calls from being placed.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any

from livekit import api

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.sip.callee import ANSWER, BUSY, RING, Behaviour, SipListener
from livekit_conformance.drivers.sip.caller import Credentials
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import Scene

# Where the provider listens; the suites' own listener is at another port.
_PORT = 5071
_ACCOUNT = Credentials("customer-of-the-provider", "not-the-password-of-the-trunk")


def _provider_that(behaviour: Behaviour, **trunk: Any) -> Callable[[Scene], Awaitable[None]]:
    """
    Return an act that starts a provider with this behaviour, and a trunk that leads to it.
    """

    async def act(broken: Scene) -> None:
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind((broken.stack.address, _PORT))
        number = broken.profile.sip.outbound.number
        assert number is not None
        listener = SipListener(bound, number=number, recorder=Recorder(Redactor()))
        await broken.beside.enter_async_context(listener)
        broken.beside.enter_context(listener.behaving(behaviour))
        await _lead_trunk(broken, **trunk)

    return act


def _trunk_to_nowhere(**trunk: Any) -> Callable[[Scene], Awaitable[None]]:
    async def act(broken: Scene) -> None:
        await _lead_trunk(broken, **trunk)

    return act


async def _lead_trunk(broken: Scene, **fields: Any) -> None:
    """
    Let the profile name another outbound trunk, created for this scenario.
    """
    trunk = api.SIPOutboundTrunkInfo(
        **{
            "name": "to-the-provider",
            "address": f"{broken.stack.address}:{_PORT}",
            "transport": api.SIPTransport.SIP_TRANSPORT_UDP,
            "numbers": ["+15550143"],
            **fields,
        }
    )
    async with operator_api(broken.profile.livekit) as server:
        made = await server.sip.create_outbound_trunk(
            api.CreateSIPOutboundTrunkRequest(trunk=trunk)
        )
    _dial_by(broken, made.sip_trunk_id)


def _dial_by(broken: Scene, trunk_id: str) -> None:
    outbound = broken.profile.sip.outbound.model_copy(update={"trunk_id": trunk_id})
    sip = broken.profile.sip.model_copy(update={"outbound": outbound})
    broken.profile = broken.profile.model_copy(update={"sip": sip})


async def _unknown_trunk(broken: Scene) -> None:
    _dial_by(broken, "ST_nobodyknowsit")


async def _other_number(broken: Scene) -> None:
    trunk = broken.profile.sip.outbound.trunk_id
    assert trunk is not None
    async with operator_api(broken.profile.livekit) as server:
        await server.sip.update_outbound_trunk_fields(trunk, numbers=["+15550144"])


async def _limit_cpu(broken: Scene) -> None:
    await broken.restart(broken.stack.sip, max_cpu_utilization=0.001)


async def _do_not_wait_for_the_answer(broken: Scene) -> None:
    """
    Call a busy callee from an application that takes the API's 200 for an answered call.
    """
    await _provider_that(BUSY)(broken)
    outbound = broken.profile.sip.outbound
    request = api.CreateSIPParticipantRequest(
        sip_trunk_id=outbound.trunk_id,
        sip_call_to=outbound.number,
        room_name="not-awaited",
        participant_identity="callee",
    )
    async with operator_api(broken.profile.livekit) as server:
        await server.sip.create_sip_participant(request)
    log = LogTail("livekit-sip", broken.stack.sip.log, since=0.0)
    found, waited = await log.wait_for(
        lambda line: line.message == "SIP invite failed", within=5.0, what="the end of the call"
    )
    assert found is not None, str(waited)


_ASKS = ANSWER.asking(_ACCOUNT)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "outbound-trunk-unknown",
        "CreateSIPParticipant names a trunk that does not exist.",
        "outbound-trunk-unknown",
        Link.OUTBOUND,
        act=_unknown_trunk,
        row=2,
    ),
    Scenario(
        "outbound-other-number",
        "The outbound trunk has another number than the one that callees must see.",
        "outbound-shows-another-caller",
        Link.OUTBOUND,
        act=_other_number,
    ),
    Scenario(
        "provider-forbids-the-caller",
        "The provider answers 403: it wants the user name of the account in From.",
        "provider-forbids-the-call",
        Link.OUTBOUND,
        act=_provider_that(Behaviour(403)),
        row=23,
    ),
    Scenario(
        "provider-asks-for-credentials",
        "The provider answers 407, and the trunk has no account.",
        "provider-wants-other-credentials",
        Link.OUTBOUND,
        act=_provider_that(_ASKS),
    ),
    Scenario(
        "provider-refuses-credentials",
        "The provider answers 407 again and again: the account of the trunk is wrong.",
        "provider-wants-other-credentials",
        Link.OUTBOUND,
        act=_provider_that(_ASKS, auth_username="customer", auth_password="a-wrong-one"),
    ),
    Scenario(
        "provider-knows-no-such-number",
        "The provider answers 404.",
        "provider-knows-no-such-number",
        Link.OUTBOUND,
        act=_provider_that(Behaviour(404)),
    ),
    Scenario(
        "callee-busy",
        "The callee is busy (486).",
        "callee-does-not-take-the-call",
        Link.OUTBOUND,
        act=_provider_that(BUSY),
    ),
    Scenario(
        "callee-unavailable",
        "The provider answers 480 for the callee.",
        "callee-does-not-take-the-call",
        Link.OUTBOUND,
        act=_provider_that(Behaviour(480)),
    ),
    Scenario(
        "callee-timed-out-at-the-provider",
        "The provider answers 408 for the callee.",
        "callee-does-not-take-the-call",
        Link.OUTBOUND,
        act=_provider_that(Behaviour(408)),
    ),
    Scenario(
        "callee-rings-only",
        "The callee rings and never answers.",
        "callee-does-not-take-the-call",
        Link.OUTBOUND,
        act=_provider_that(RING),
    ),
    Scenario(
        "provider-fails",
        "The provider answers 503.",
        "provider-fails",
        Link.OUTBOUND,
        act=_provider_that(Behaviour(503)),
    ),
    Scenario(
        "provider-is-silent",
        "Nothing listens at the address of the outbound trunk (UDP).",
        "provider-is-silent",
        Link.OUTBOUND,
        act=_trunk_to_nowhere(),
    ),
    Scenario(
        "provider-speaks-udp-only",
        "The outbound trunk has transport TCP, and the provider speaks UDP.",
        "provider-refuses-connection",
        Link.OUTBOUND,
        act=_provider_that(ANSWER, transport=api.SIPTransport.SIP_TRANSPORT_TCP),
    ),
    Scenario(
        "provider-host-unknown",
        "The host of the outbound trunk has no address.",
        "provider-host-unknown",
        Link.OUTBOUND,
        act=_trunk_to_nowhere(address="no-such-host.invalid"),
    ),
    Scenario(
        "sip-cpu-exhausted",
        "livekit-sip.yaml has a `max_cpu_utilization` that is always exceeded.",
        "sip-cpu-exhausted",
        Link.OUTBOUND,
        act=_limit_cpu,
    ),
    Scenario(
        "outbound-result-not-awaited",
        "The API says 200 and the call fails: without `wait_until_answered`; from the logs alone.",
        "outbound-result-not-awaited",
        Link.OUTBOUND,
        act=_do_not_wait_for_the_answer,
        also=frozenset({"callee-does-not-take-the-call"}),
        by="diagnose",
        row=24,
    ),
)
