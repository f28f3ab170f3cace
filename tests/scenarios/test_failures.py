"""
Each failure of the real services: its cause is named first, at the right link, and nothing else is
blamed; of two at once both are named; and a failure without a known cause is found all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial

import pytest
import pytest_asyncio

from livekit_conformance.catalogue.causes import CAUSES, clock_jumps, logged, outages
from livekit_conformance.catalogue.chain import WITNESSES, Link
from livekit_conformance.diagnosis.model import UNKNOWN
from livekit_conformance.reporting.result import journal
from tests.concurrency import begun, selected
from tests.samples import sample
from tests.scenarios.failures import PAIRS, SCENARIOS
from tests.scenarios.failures.scenario import Scenario, Told, play, wrong_blame

# Most of the time of a run is waiting.
_AT_ONCE = 5
# Number of failures in the list of those that real users met.
_ROWS = 24
_PROVEN_ELSEWHERE = {
    # A contradictory profile: tests/mutants/configuration.py has a check for each.
    "variable-holds-something-else",
    # Only root can disable a machine's network: tests/diagnosis/test_configuration.py.
    "sip-service-has-no-network",
    # A resolver that hangs: tests/diagnosis/test_server.py, tests/drivers/test_daemon_threads.py.
    "resolver-does-not-answer",
    # Traffic that takes all processors (`make busy`): tests/diagnosis/test_load.py.
    "deployment-is-overloaded",
    # Only LiveKit Cloud has quotas: tests/mutants/calls.py, tests/diagnosis/test_load.py.
    "call-quota-exceeded",
    # Behind NAT: tests/field/test_nat.py.
    "media-address-leads-elsewhere",
    # Two nodes of each service: tests/field/test_nodes.py.
    *("one-sip-service-of-several-fails", "one-server-of-several-fails"),
    # A livekit-server that stands still for seconds: tests/diagnosis/test_server.py.
    "no-node-for-a-moment",
    # A livekit-server of a scenario is stopped unless it answers: tests/test_diagnosis.py.
    "server-listens-elsewhere",
    # Services that stop during a run: tests/scenarios/kills.py.
    *(cause.id for cause in outages.CAUSES),
    # Clocks that are set during a run: tests/scenarios/test_clock_jump.py.
    *(cause.id for cause in clock_jumps.CAUSES),
    "agent-stand-in-ended",
    # What a caller or a carrier does, in logs that the real services wrote:
    # tests/log_diagnosis/test_recordings.py.
    *("no-rule-takes-the-call", "no-trunk-takes-the-call", "transfer-fails"),
    *("sip-message-is-unreadable", "caller-hangs-up-after-hold", "caller-hangs-up-for-a-reason"),
}
# These repeat what a service, or its file, says itself; they are no guess.
_GENERAL = {cause.id for cause in CAUSES if cause.is_general or cause in logged.ENDED}
Runs = Mapping[str, asyncio.Task[Told]]


def _kinds(scenario: Scenario) -> Iterator[str | int]:
    yield scenario.cause
    if scenario.row is not None:
        yield scenario.row


PLAYED = {scenario.name: scenario for scenario in sample(SCENARIOS.values(), _kinds)}
each_scenario = pytest.mark.parametrize("scenario", PLAYED.values(), ids=PLAYED)


@pytest_asyncio.fixture(scope="module")
async def runs(
    request: pytest.FixtureRequest,
    real_services: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Runs]:
    """
    Yield the run of each selected scenario, started in the order of the tests, several at a time.
    """
    scenarios = {scenario.name: scenario for (scenario,) in selected(request, "scenario")}
    runs = {
        name: partial(play, scenario, tmp_path_factory.mktemp("scenario"))
        for name, scenario in scenarios.items()
    }
    async with begun(runs, at_once=_AT_ONCE) as tasks:
        yield tasks


def test_every_cause_is_shown_by_a_failure_and_every_row_is_there():
    shown = {scenario.cause for scenario in SCENARIOS.values()}
    follows = {cause for scenario in SCENARIOS.values() for cause in scenario.also}

    assert {cause.id for cause in CAUSES} - shown - follows == _PROVEN_ELSEWHERE
    assert {scenario.row for scenario in SCENARIOS.values()} >= set(range(1, _ROWS + 1))


@pytest.mark.timeout(600)
@each_scenario
async def test_the_cause_is_named_first_and_nothing_else_is_blamed(
    scenario: Scenario, runs: Runs
) -> None:
    told = await runs[scenario.name]

    assert told.exit_status == (not scenario.warns), told.output
    assert told.causes[:1] == (scenario.cause,), told.output
    assert wrong_blame(scenario, told) == set(), told.output
    assert told.first_broken == (None if scenario.warns else scenario.link), told.output


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", PAIRS.values(), ids=PAIRS)
async def test_two_failures_at_once_are_both_named(scenario: Scenario, runs: Runs) -> None:
    told = await runs[scenario.name]
    causes = {SCENARIOS[name].cause for name in scenario.name.split("+")}

    assert told.exit_status == 1, told.output
    assert causes <= set(told.causes), told.output
    assert wrong_blame(scenario, told) == set(), told.output


@pytest.mark.timeout(600)
@each_scenario
async def test_a_failure_without_a_known_cause_is_unknown_at_the_right_link(
    scenario: Scenario, runs: Runs
) -> None:
    told = await runs[scenario.name]
    if told.run is None or scenario.warns:
        return  # logs alone show causes, but no link; a warning breaks none
    others = [cause for cause in CAUSES if cause.id != scenario.cause]

    found = journal.read(told.run.folder / "journal.jsonl", others)

    named = {diagnosis.id for diagnosis in found.diagnoses}
    unknown = [diagnosis.link for diagnosis in found.diagnoses if diagnosis.id == UNKNOWN]
    follows = scenario.also | _GENERAL
    assert found.chain.first_broken == scenario.link
    assert named <= follows | {UNKNOWN}, "what is not known is guessed"
    assert scenario.link in unknown or Link(scenario.link) in WITNESSES or named & follows
    assert all(diagnosis.fix for diagnosis in found.diagnoses)
