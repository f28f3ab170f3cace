"""
Real deployments without the usual comforts: nothing but what needs them is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.effects import Effect
from tests.mutants.dispatch import configured
from tests.mutants.endpoint import Application
from tests.scenarios.harness import Run
from tests.scenarios.provider import behind_a_provider, remade_line

_BARE = frozenset(
    {
        Need.REDIS,
        Need.SERVER_LOG,
        Need.SIP_LOG,
        Need.APPLICATION_LOG,
        Need.ANY_LOG,
        Need.RECEIVER,
        Need.AGENT,
        Need.STACK,
    }
)


def not_configured(run: Run) -> set[str]:
    return {check["id"] for check in run.checks if check["reason"] == "not-configured"}


def needing(run: Run, needs: frozenset[Need]) -> set[str]:
    """
    The checks that need one of these, as far as the profile permits them at all.
    """
    permitted = (check["id"] for check in run.checks if check["reason"] != "not-permitted")
    return {check for check in permitted if needs & {*BY_ID[check.partition("[")[0]].needs}}


def unhappy(run: Run) -> set[str]:
    return {
        name for name, verdict in run.verdicts.items() if verdict in {"FAIL", "BLOCKED", "ERROR"}
    }


async def test_a_bare_deployment_without_an_agent_is_conformant(scene: Callable[..., Any]) -> None:
    async with scene() as bare:
        effects = frozenset({Effect.READ, Effect.CREATE_ROOMS, Effect.PLACE_CALLS})
        missing = {"allow": effects, "agent": "none", "logs": (), "redis": None}
        bare.stack.webhook_listener.close()
        async with Application().beside(bare.profile) as profile:
            bare.profile = profile.model_copy(update=missing)
            run = await bare.run()

    assert unhappy(run) == set(), run.output
    assert run.exit_status == 0
    assert not_configured(run) == needing(run, _BARE)
    assert run.results["summary"]["coverage"] < 100
    for proven in (
        "1.5-invite-is-not-rejected",
        "1.1-trunk-refuses-wrong-password",
        "1.1-unknown-caller-is-kept-out",
        "1.1-sip-service-joins-the-server",
        "1.2-call-lands-in-a-named-room",
        "1.2-concurrent-calls-get-own-rooms",
        "1.5-cancelled-call-ends-cleanly",
        "1.5-outbound-call-is-answered",
    ):
        assert run.verdicts[proven] == "PASS", proven


async def test_without_an_agent_a_ringing_call_proves_its_room_and_its_webhooks(
    scene: Callable[..., Any],
) -> None:
    async with scene() as ringing:
        ringing.profile = ringing.profile.model_copy(update={"agent": "none"})
        run = await ringing.run()

    assert unhappy(run) == set(), run.output
    assert run.exit_status == 0
    missing = frozenset({Need.AGENT, Need.STACK, Need.APPLICATION_LOG})
    assert not_configured(run) == needing(run, missing)
    assert run.verdicts["1.3-call-events-arrive-in-order"] == "PASS"
    assert run.verdicts["1.2-room-ends-after-hang-up"] == "PASS"


@pytest.mark.parametrize("caller", [None, "+15550142"], ids=["caller kept", "caller changed"])
async def test_behind_a_provider_all_but_livekit_sips_own_answers_is_proven(
    scene: Callable[..., Any], caller: str | None
) -> None:
    async with (
        scene() as behind,
        # A room of its own for each call, though all may come from one caller.
        configured(partial(remade_line, random_rooms=True))(behind.profile) as remade,
        behind_a_provider(caller=caller)(remade) as profile,
    ):
        behind.profile = profile
        run = await behind.run()

    assert unhappy(run) == set(), run.output
    assert run.exit_status == 0
    missing = frozenset({Need.DIRECT_SIP, Need.STACK, Need.APPLICATION_LOG})
    assert not_configured(run) == needing(run, missing)
    for proven in (
        "1.5-call-is-answered",
        "1.5-audio-flows-both-ways",
        "1.5-call-ends-cleanly",
        "1.5-cancelled-call-ends-cleanly",
        "1.5-repeated-calls-succeed[at-once]",
        "1.2-concurrent-calls-get-own-rooms",
        "1.2-call-lands-in-a-named-room",
        "1.3-call-events-arrive-in-order",
        "1.2-room-ends-after-hang-up",
    ):
        assert run.verdicts[proven] == "PASS", proven
