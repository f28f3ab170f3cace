"""
Mutants of inbound calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livekit import api
from pydantic import SecretStr

from livekit_conformance.environments.profile import Profile
from tests.mutants.mutant import Mutant, changed, fault, misfit
from tests.scenarios.operator_api import operator_api


@asynccontextmanager
async def with_a_direct_rule(profile: Profile) -> AsyncIterator[Profile]:
    """
    Replace the Individual rule by a Direct one.
    """
    async with operator_api(profile.livekit) as client:
        rules = await client.sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())
        for rule in rules.items:
            await client.sip.delete_dispatch_rule(
                api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id)
            )
        direct = api.SIPDispatchRuleDirect(room_name=profile.rooms.name_pattern.format(call_id="1"))
        await client.sip.create_dispatch_rule(
            api.CreateSIPDispatchRuleRequest(
                dispatch_rule=api.SIPDispatchRuleInfo(
                    trunk_ids=rules.items[0].trunk_ids,
                    numbers=rules.items[0].numbers,
                    rule=api.SIPDispatchRule(dispatch_rule_direct=direct),
                )
            )
        )
    yield profile


MUTANTS = (
    fault("leave_not_told", "1.3-call-events-arrive-in-order"),
    fault("sip_silent", "1.5-sip-answers-options"),
    fault("sip_sent_twice", "1.5-sip-packets-come-once"),
    fault("answer_without_contact", "1.5-sip-messages-are-valid"),
    fault("quota_exceeded", "1.5-invite-is-not-rejected"),
    fault("bus_down", "1.5-bus-has-a-server", "1.5-invite-is-not-rejected", "1.5-logs-are-clean"),
    fault("trunk_accepts_any_password", "1.1-trunk-refuses-wrong-password"),
    fault("trunk_accepts_any_user", "1.1-trunk-refuses-wrong-user"),
    fault("trunk_never_challenges", "1.1-trunk-challenges"),
    fault("refused_caller_not_logged", "1.4-refused-caller-is-logged"),
    fault("unknown_number_gets_room", "1.1-unknown-caller-is-kept-out"),
    fault("cancel_ignored", "1.5-cancelled-call-ends-cleanly"),
    fault(
        "second_call_rejected",
        "1.2-concurrent-calls-get-own-rooms",
        "1.5-repeated-calls-succeed[at-once]",
    ),
    fault("one_room_for_all", "1.2-concurrent-calls-get-own-rooms"),
    Mutant(
        "direct_rule",
        frozenset({"1.2-concurrent-calls-get-own-rooms"}),
        beside=with_a_direct_rule,
    ),
    fault("rooms_never_end", "1.2-room-ends-after-hang-up", "1.3-call-events-arrive-in-order"),
    fault("sip_attributes_missing", "1.3-call-events-arrive-in-order"),
    fault("tracks_share_an_id", "1.3-call-events-arrive-in-order"),
    fault(
        "sip_wrong_secret",
        "1.1-sip-service-joins-the-server",
        "1.5-invite-is-not-rejected",
        "1.5-logs-are-clean",
        # livekit-sip logs the token that was refused, as the real one does.
        "1.4-logs-hold-no-tokens",
    ),
    fault("agent_silent", "1.5-call-is-answered"),
    fault("no_voice", "1.5-audio-flows-both-ways"),
    fault("contact_elsewhere", "1.5-call-ends-cleanly"),
    fault("voice_lossy", "1.5-caller-hears-well"),
    fault("keys_refused", "1.5-keys-reach-the-agent"),
    fault("bye_unanswered", "1.5-call-ends-cleanly", "1.3-call-events-arrive-in-order"),
    misfit(
        "wrong_trunk_password",
        changed("sip", password=SecretStr("not-the-password-of-the-trunk")),
        "1.1-trunk-accepts-right-password",
        "1.5-invite-is-not-rejected",
        # livekit-sip's 401 has no WWW-Authenticate.
        "1.5-sip-messages-are-valid",
    ),
)
