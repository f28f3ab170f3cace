"""
A live deployment without one comfort: only the checks that need it are skipped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES
from livekit_conformance.environments.needs import LINES
from livekit_conformance.environments.profile import DeploymentFiles, Outbound, Profile
from livekit_conformance.mock import Faults
from tests.mutants.dispatch import configured
from tests.mutants.endpoint import Application
from tests.mutants.mutant import Beside, Change, Mutant, changed, red_checks
from tests.scenarios.harness import Run
from tests.scenarios.provider import behind_a_provider, remade_line

_NOBODY_ELSES = frozenset({Need.STACK})
# Our own receiver is the application then, and the profile names no log of it.
_WITH_RECEIVER = _NOBODY_ELSES | {Need.APPLICATION_LOG}
_LOGS = frozenset({Need.SERVER_LOG, Need.SIP_LOG, Need.APPLICATION_LOG, Need.ANY_LOG})
# All runs skip the same checks: their subject does not exist on a single machine.
_NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True)
class Comfort:
    """
    A missing comfort: the run without it, the needs it leaves unmet, and the checks that detect by
    themselves that the profile is incomplete, with the lines they suggest.
    """

    mutant: Mutant
    needs: frozenset[Need]
    themselves: Mapping[str, str]

    def lines(self, run: Run) -> dict[str, set[str]]:
        """
        Return the lines that each check may suggest, by id of the checks that must be skipped.
        """
        asked = {check["id"]: self._lines_of(check["id"]) for check in run.checks}
        return {check: lines for check, lines in asked.items() if lines}

    def _lines_of(self, check: str) -> set[str]:
        needs = self.needs.intersection(BY_ID[check.partition("[")[0]].needs)
        return {LINES[need] for need in needs} or {*filter(None, [self.themselves.get(check)])}


def without(
    name: str,
    *needs: Need,
    change: Change | None = None,
    beside: Beside | None = None,
    settings: Mapping[str, Any] | None = None,
    always: frozenset[Need] = _WITH_RECEIVER,
    themselves: Mapping[str, str] | None = None,
) -> Comfort:
    mutant = Mutant(name, frozenset(), settings or {}, change=change, beside=beside)
    return Comfort(mutant, always.union(needs), themselves or {})


def without_log_of(*services: str) -> Change:
    def change(profile: Profile) -> Profile:
        kept = tuple(source for source in profile.logs if source.service not in services)
        return profile.model_copy(update={"logs": kept})

    return change


@asynccontextmanager
async def without_receiver_and_application_log(profile: Profile) -> AsyncIterator[Profile]:
    async with Application().beside(profile) as served:
        yield without_log_of("application")(served)


@asynccontextmanager
async def behind_a_provider_that_changes_the_caller(profile: Profile) -> AsyncIterator[Profile]:
    # Random room names, because all its calls would otherwise share one room.
    async with (
        configured(partial(remade_line, random_rooms=True))(profile) as remade,
        behind_a_provider(caller="+15550142")(remade) as behind,
    ):
        yield behind


COMFORTS = (
    without("application_log"),
    without("redis", Need.REDIS, change=lambda profile: profile.model_copy(update={"redis": None})),
    without("server_log", Need.SERVER_LOG, change=without_log_of("livekit-server")),
    without("sip_log", Need.SIP_LOG, change=without_log_of("livekit-sip")),
    without("any_log", *_LOGS, change=lambda profile: profile.model_copy(update={"logs": ()})),
    without("receiver", Need.RECEIVER, beside=Application().beside, always=_NOBODY_ELSES),
    without(
        "receiver_and_application_log",
        Need.RECEIVER,
        beside=without_receiver_and_application_log,
        themselves={
            "1.3-endpoint-ignores-replay": "logs: [{service: application, path: ...}] whose lines"
        },
    ),
    without("endpoint", Need.ENDPOINT, change=changed("webhook", url="")),
    without(
        "agent",
        Need.AGENT,
        change=lambda profile: profile.model_copy(update={"agent": "none"}),
        settings={"faults": Faults(agent_silent=True)},
    ),
    without(
        "sip_credentials",
        Need.SIP_CREDENTIALS,
        change=changed("sip", username="", password=SecretStr("")),
        beside=configured(partial(remade_line, asks_for_credentials=False)),
    ),
    without("sip", Need.SIP, change=changed("sip", server="")),
    without("outbound", Need.OUTBOUND, change=changed("sip", outbound=Outbound())),
    without(
        "configs",
        Need.SERVER_CONFIG,
        Need.SIP_CONFIG,
        change=lambda profile: profile.model_copy(update={"deployment": DeploymentFiles()}),
    ),
    without("direct_sip", Need.DIRECT_SIP, beside=behind_a_provider()),
    without(
        "direct_sip_and_caller", Need.DIRECT_SIP, beside=behind_a_provider_that_changes_the_caller
    ),
)
BY_MUTANT = {comfort.mutant.id: comfort for comfort in COMFORTS}
_EACH = pytest.mark.parametrize("mutant", [c.mutant for c in COMFORTS], ids=lambda m: m.id)


@_EACH
async def test_without_a_comfort_exactly_what_needs_it_is_skipped(mutant, runs):
    run = await runs[mutant.id]
    lines = BY_MUTANT[mutant.id].lines(run)
    skipped = {
        check["id"]: check["message"] for check in run.checks if check["reason"] == "not-configured"
    }

    assert red_checks(run) == set(), run.output
    assert run.exit_status == 0
    assert skipped.keys() == lines.keys()
    unhelpful = {
        check: message
        for check, message in skipped.items()
        if not any(line in message for line in lines[check])
    }
    assert unhelpful == {}


@_EACH
async def test_without_a_comfort_everything_else_is_proven(mutant, runs):
    run = await runs[mutant.id]
    skipped = [check for check in run.checks if check["reason"] == "not-configured"]
    others = {
        check["verdict"]
        for check in run.checks
        if check["reason"] not in {"not-configured", _NOT_APPLICABLE}
    }
    own = run.results["client"]["checks"]
    applicable = [
        check
        for check in run.checks
        if check["reason"] != _NOT_APPLICABLE and check["id"] not in own
    ]

    assert others == {"PASS"}
    coverage = run.results["summary"]["coverage"]
    assert coverage == pytest.approx(100 * (1 - len(skipped) / len(applicable)), abs=0.1)
    assert coverage < 100


PROOFS = (
    ("receiver", "1.3-delivery-log-shows-success"),
    ("receiver", "1.3-endpoint-ignores-replay"),
    ("redis", "1.2-created-room-is-listed"),
    ("redis", "1.5-call-is-answered"),
    ("agent", "1.5-invite-is-not-rejected"),
    ("agent", "1.2-call-lands-in-a-named-room"),
    ("agent", "1.2-concurrent-calls-get-own-rooms"),
    ("agent", "1.5-cancelled-call-ends-cleanly"),
    ("agent", "1.3-call-events-arrive-in-order"),
    ("agent", "1.2-room-ends-after-hang-up"),
    ("sip_log", "1.1-unknown-caller-is-kept-out"),
    ("direct_sip", "1.5-audio-flows-both-ways"),
    ("direct_sip_and_caller", "1.2-call-lands-in-a-named-room"),
    ("direct_sip_and_caller", "1.2-concurrent-calls-get-own-rooms"),
)


@pytest.mark.parametrize(
    ("mutant", "proven"),
    [(BY_MUTANT[missing].mutant, proven) for missing, proven in PROOFS],
    ids=["-".join(proof) for proof in PROOFS],
)
async def test_what_can_be_proven_otherwise_is(mutant, proven, runs):
    assert (await runs[mutant.id]).verdicts[proven] == "PASS"


def test_every_need_is_missing_somewhere():
    assert frozenset().union(*(comfort.needs for comfort in COMFORTS)) == frozenset(Need)
    assert {need for clause in CLAUSES for need in clause.needs} == set(Need)


BEHIND = tuple(
    Mutant(
        f"{name}_behind_a_provider",
        frozenset(red),
        {"faults": Faults(**{name: True})},
        beside=behind_a_provider(),
    )
    for name, red in {
        "room_named_otherwise": {"1.2-call-lands-in-a-named-room"},
        "one_room_for_all": {"1.2-concurrent-calls-get-own-rooms"},
        "agent_silent": {"1.5-call-is-answered"},
        "rooms_not_listed": {"1.2-created-room-is-listed"},
        "no_voice": {"1.5-audio-flows-both-ways"},
    }.items()
)


@pytest.mark.parametrize("mutant", BEHIND, ids=lambda mutant: mutant.id)
async def test_what_is_wrong_is_seen_through_a_provider_too(mutant, runs):
    run = await runs[mutant.id]

    assert red_checks(run) == mutant.expected(run), run.output
