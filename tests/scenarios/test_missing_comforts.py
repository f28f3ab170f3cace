"""
Real deployments without the usual comforts: only the checks that need them are left out.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.effects import Effect
from tests.mutants.dispatch import configured
from tests.mutants.endpoint import Application
from tests.scenarios.harness import Run
from tests.scenarios.provider import behind_a_provider, remade_line
from tests.scenarios.real_stack import scene
from tests.scenarios.whole_runs import looks_at

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
    Return the checks that need one of these, unless the profile does not permit them anyway.
    """
    permitted = (check["id"] for check in run.checks if check["reason"] != "not-permitted")
    return {check for check in permitted if needs & {*BY_ID[check.partition("[")[0]].needs}}


def unhappy(run: Run) -> set[str]:
    return {
        name for name, verdict in run.verdicts.items() if verdict in {"FAIL", "BLOCKED", "ERROR"}
    }


async def bare(folder: Path) -> Run:
    """
    Run without logs, Redis, a receiver of our own, and an agent.
    """
    effects = frozenset({Effect.READ, Effect.CREATE_ROOMS, Effect.PLACE_CALLS})
    missing = {"allow": effects, "agent": "none", "logs": (), "redis": None}
    async with scene(folder) as deployed:
        deployed.stack.webhook_listener.close()
        async with Application().beside(deployed.profile) as profile:
            deployed.profile = profile.model_copy(update=missing)
            return await deployed.run()


async def without_an_agent(folder: Path) -> Run:
    """
    Run without an agent: a call rings until the caller gives up.
    """
    async with scene(folder) as deployed:
        deployed.profile = deployed.profile.model_copy(update={"agent": "none"})
        return await deployed.run()


async def provider_keeps_the_caller(folder: Path) -> Run:
    """
    Run through a provider that passes the caller's number on to livekit-sip.
    """
    return await _behind_a_provider(folder, caller=None)


async def provider_changes_the_caller(folder: Path) -> Run:
    """
    Run through a provider that puts the same number into every From.
    """
    return await _behind_a_provider(folder, caller="+15550142")


async def _behind_a_provider(folder: Path, *, caller: str | None) -> Run:
    # Each call gets its own room, even when all have the same caller.
    line = configured(partial(remade_line, random_rooms=True))
    async with (
        scene(folder) as deployed,
        line(deployed.profile) as remade,
        behind_a_provider(caller=caller)(remade) as profile,
    ):
        deployed.profile = profile
        return await deployed.run()


@looks_at(bare, takes_s=25)
def test_a_bare_deployment_without_an_agent_is_conformant(played):
    assert unhappy(played) == set(), played.output
    assert played.exit_status == 0
    assert not_configured(played) == needing(played, _BARE)
    assert played.results["summary"]["coverage"] < 100
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
        assert played.verdicts[proven] == "PASS", proven


@looks_at(without_an_agent, takes_s=36)
def test_without_an_agent_a_ringing_call_proves_its_room_and_its_webhooks(played):
    assert unhappy(played) == set(), played.output
    assert played.exit_status == 0
    missing = frozenset({Need.AGENT, Need.STACK, Need.APPLICATION_LOG})
    assert not_configured(played) == needing(played, missing)
    assert played.verdicts["1.3-call-events-arrive-in-order"] == "PASS"
    assert played.verdicts["1.2-room-ends-after-hang-up"] == "PASS"


@looks_at(provider_keeps_the_caller, provider_changes_the_caller, takes_s=34)
def test_behind_a_provider_all_but_livekit_sips_own_answers_is_proven(played):
    assert unhappy(played) == set(), played.output
    assert played.exit_status == 0
    missing = frozenset({Need.DIRECT_SIP, Need.STACK, Need.APPLICATION_LOG})
    assert not_configured(played) == needing(played, missing)
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
        assert played.verdicts[proven] == "PASS", proven
