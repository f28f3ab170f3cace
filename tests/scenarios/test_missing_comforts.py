"""
Real deployments without the usual comforts: nothing but what needs them is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest
import pytest_asyncio

from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.environments.profile import Profile
from tests.at_once import begun, selected
from tests.mutants.dispatch import configured
from tests.mutants.endpoint import Application
from tests.scenarios.harness import Run
from tests.scenarios.provider import behind_a_provider, remade_line
from tests.scenarios.stage import Scene, scene

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


@asynccontextmanager
async def bare(scene: Scene) -> AsyncIterator[Profile]:
    """
    Neither logs nor Redis nor a receiver of ours, and no agent.
    """
    effects = frozenset({Effect.READ, Effect.CREATE_ROOMS, Effect.PLACE_CALLS})
    missing = {"allow": effects, "agent": "none", "logs": (), "redis": None}
    scene.stack.webhook_listener.close()
    async with Application().beside(scene.profile) as profile:
        yield profile.model_copy(update=missing)


@asynccontextmanager
async def without_an_agent(scene: Scene) -> AsyncIterator[Profile]:
    """
    A call rings until the caller gives up.
    """
    yield scene.profile.model_copy(update={"agent": "none"})


@asynccontextmanager
async def provider(scene: Scene, *, caller: str | None = None) -> AsyncIterator[Profile]:
    """
    Calls go through a provider, which puts `caller` into From if it is given.

    A room of its own for each call, though all may come from one caller.
    """
    async with (
        configured(partial(remade_line, random_rooms=True))(scene.profile) as remade,
        behind_a_provider(caller=caller)(remade) as profile,
    ):
        yield profile


DEPLOYMENTS: Mapping[str, Callable[[Scene], AbstractAsyncContextManager[Profile]]] = {
    "bare": bare,
    "without an agent": without_an_agent,
    "caller kept": provider,
    "caller changed": partial(provider, caller="+15550142"),
}


@pytest_asyncio.fixture(scope="module")
async def runs(
    request: pytest.FixtureRequest,
    real_services: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Mapping[str, asyncio.Task[Run]]]:
    """
    The run of each selected deployment, all at a time.
    """

    async def run(name: str) -> Run:
        async with (
            scene(tmp_path_factory.mktemp("deployment")) as deployed,
            DEPLOYMENTS[name](deployed) as profile,
        ):
            deployed.profile = profile
            return await deployed.run()

    names = [name for (name,) in selected(request, "deployment")]
    wanted = {name: partial(run, name) for name in names}
    async with begun(wanted, at_once=len(DEPLOYMENTS)) as tasks:
        yield tasks


@pytest.mark.parametrize("deployment", ["bare"])
async def test_a_bare_deployment_without_an_agent_is_conformant(runs, deployment):
    run = await runs[deployment]

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


@pytest.mark.parametrize("deployment", ["without an agent"])
async def test_without_an_agent_a_ringing_call_proves_its_room_and_its_webhooks(runs, deployment):
    run = await runs[deployment]

    assert unhappy(run) == set(), run.output
    assert run.exit_status == 0
    missing = frozenset({Need.AGENT, Need.STACK, Need.APPLICATION_LOG})
    assert not_configured(run) == needing(run, missing)
    assert run.verdicts["1.3-call-events-arrive-in-order"] == "PASS"
    assert run.verdicts["1.2-room-ends-after-hang-up"] == "PASS"


@pytest.mark.parametrize("deployment", ["caller kept", "caller changed"])
async def test_behind_a_provider_all_but_livekit_sips_own_answers_is_proven(runs, deployment):
    run = await runs[deployment]

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
