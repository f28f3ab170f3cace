"""
Mutants of trunks, dispatch rules and the names they give.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from livekit import api

from livekit_conformance.environments.profile import Profile
from tests.mutants.mutant import Beside, Mutant, changed, fault, misfit
from tests.scenarios.operator_api import operator_api

Configure = Callable[[api.LiveKitAPI, Profile], Awaitable[object]]


def configured(configure: Configure) -> Beside:
    """
    Return a setting that the deployment's administrator makes before the suites run.
    """

    @asynccontextmanager
    async def beside(profile: Profile) -> AsyncIterator[Profile]:
        async with operator_api(profile.livekit) as server:
            await configure(server, profile)
        yield profile

    return beside


async def trunk_for_one_caller(server: api.LiveKitAPI, profile: Profile) -> None:
    # The API accepts it beside the trunk for all callers of the number; this caller's calls fail.
    trunk = api.SIPInboundTrunkInfo(numbers=[profile.sip.number], allowed_numbers=["+15550177"])
    await server.sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(trunk=trunk))


async def rule_with_another_prefix(server: api.LiveKitAPI, profile: Profile) -> None:
    trunks = await server.sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())
    individual = api.SIPDispatchRuleIndividual(room_prefix="another-line")
    # It names the caller too, so it takes precedence over the rule of the line.
    rule = api.SIPDispatchRuleInfo(
        trunk_ids=[trunk.sip_trunk_id for trunk in trunks.items],
        inbound_numbers=[profile.sip.caller],
        numbers=[profile.sip.number],
        rule=api.SIPDispatchRule(dispatch_rule_individual=individual),
    )
    request = api.CreateSIPDispatchRuleRequest(dispatch_rule=rule)
    await server.sip.create_dispatch_rule(request)


MUTANTS = (
    misfit(
        "other_room_name",
        changed("rooms", name_pattern="another-prefix-{call_id}"),
        "1.2-dispatch-rules-produce-the-name",
        "1.2-call-lands-in-a-named-room",
    ),
    Mutant(
        "trunk_for_one_caller",
        frozenset({"1.2-no-two-trunks-match"}),
        beside=configured(trunk_for_one_caller),
    ),
    Mutant(
        "rule_with_another_prefix",
        frozenset({"1.2-dispatch-rules-produce-the-name", "1.2-call-lands-in-a-named-room"}),
        beside=configured(rule_with_another_prefix),
    ),
    fault("room_named_otherwise", "1.2-call-lands-in-a-named-room"),
)
