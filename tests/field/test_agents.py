"""
Real workers of livekit-agents as the application: nothing healthy is blamed, and what is broken is
named as it is.

Facts about livekit-agents 1.8.9 that the scenarios rest on:

- `python worker.py start` (or `dev`, which has no load limit and keeps no process ready) registers
  the worker at LIVEKIT_URL with LIVEKIT_API_KEY and LIVEKIT_API_SECRET, 3 s after its start: that
  is its imports. LIVEKIT_AGENT_NAME is its name if the code gives none; LIVEKIT_AGENT_NAME_OVERRIDE
  wins over both. Without a name it gets the job of every room that names no agent (automatic
  dispatch), whoever creates it. An agent that comes after such a room was deleted creates it anew,
  which dispatches the next agent: so the suite's own rooms name an agent that no worker is.
- A worker whose load (by default the processor's, averaged over 2.5 s) reaches `load_threshold`
  (0.7) reports itself as full, every 2.5 s. livekit-server then does not ask it, and logs
  `failed to send job request` with `no servers available`. A job that comes before that report is
  refused by the worker: `failed to assign job to worker`.
- A job that is being started counts as `load_threshold / num_idle_processes`, so a worker with one
  process ready, or none, is full meanwhile. `num_idle_processes` is one for each processor by
  default; `setup_fnc` (prewarm) has run in them. A job for which none is ready waits: 0.1 s for a
  thread, 3.8 s on a machine whose processors were taken.
- `request.reject()` ends the job for good (`terminate`): livekit-server logs nothing, and lists the
  job as done, without the identity of an agent.
- An exception in the entrypoint is in the worker's log alone (`unhandled exception while running
  the job task`). livekit-server logs `job ended` with JS_SUCCESS 10 ms after it assigned the job,
  and lists it as running. The caller hears ringing.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked
from tests.field.agents import environment, workers
from tests.samples import sample
from tests.scenarios.failures.scenario import Scenario, play, wrong_blame
from tests.scenarios.real_stack import Scene

_NAME = "receptionist"
Act = Callable[[Scene], Awaitable[None]]
Running = tuple[str, workers.Manner]


@pytest.fixture(scope="module", autouse=True)
def _livekit_agents(real_services: None) -> None:
    """
    Make the environment of livekit-agents on first use.

    It needs 0.4 GB of PyPI, which a machine may not reach: no fault of the suite, in CI neither.
    """
    try:
        environment.provide(os.environ)
    except Blocked as blocked:
        pytest.skip(str(blocked))


def _deployed(profile: Profile) -> Profile:
    return profile.model_copy(update={"agent": "deployed"})


def _with(*running: Running, requested: str = "", again: bool = False) -> Act:
    """
    Return an act: workers register, the dispatch rule requests an agent of that name (empty: none),
    and with `again` the application requests it too.
    """

    async def act(stage: Scene) -> None:
        if requested:
            await workers.send_for(stage, requested)
        for name, manner in running:
            await stage.beside.enter_async_context(workers.beside(stage, name, manner))
        if again:
            await stage.beside.enter_async_context(workers.dispatching(stage, _NAME))

    return act


_HEALTHY = {
    "explicit dispatch": _with((_NAME, "answers"), requested=_NAME),
    "automatic dispatch": _with(("", "answers")),
    "two workers, one job": _with((_NAME, "answers"), (_NAME, "answers"), requested=_NAME),
}


def _failure(name: str, cause: str, act: Act, *, link: Link = Link.AGENT) -> Scenario:
    return Scenario(name, name, cause, link, act=act, profile=_deployed, warns=link is Link.AUDIO)


_FAILURES = (
    _failure(
        "name misspelt in the rule",
        "no-worker-for-the-agent",
        _with((_NAME, "answers"), requested="receptionst"),
    ),
    _failure("no worker", "no-worker-for-the-agent", _with(requested=_NAME)),
    _failure(
        "worker full",
        "worker-refuses-the-job",
        _with((_NAME, "full"), requested=_NAME),
    ),
    _failure("worker full, automatic dispatch", "worker-refuses-the-job", _with(("", "full"))),
    _failure(
        "worker rejects every job",
        "worker-refuses-the-job",
        _with((_NAME, "rejects"), requested=_NAME),
    ),
    _failure(
        "agent crashes at its first line",
        "agent-took-the-job-and-stays-away",
        _with((_NAME, "crashes"), requested=_NAME),
    ),
    _failure(
        "agent crashes at its first line, automatic dispatch",
        "agent-took-the-job-and-stays-away",
        _with(("", "crashes")),
    ),
    _failure(
        "named worker, and a rule that names none",
        "agent-does-not-come",
        _with((_NAME, "answers")),
    ),
    _failure(
        "dispatched by the rule and by the application",
        "several-agents-speak",
        _with((_NAME, "answers"), requested=_NAME, again=True),
        link=Link.AUDIO,
    ),
)

_PLAYED: list[Scenario] = sample(_FAILURES, lambda failure: [failure.cause])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("act", _HEALTHY.values(), ids=_HEALTHY)
async def test_a_worker_that_answers_is_blamed_for_nothing(act, scene, tmp_path):
    async with scene() as healthy:
        healthy.profile = _deployed(healthy.profile)
        await act(healthy)
        run = await healthy.peaceful().run("-m", "chain")

    assert run.diagnoses == [], run.output
    assert run.exit_status == 0, run.output
    assert run.verdicts["1.5-audio-flows-both-ways"] == "PASS"
    log = "".join(workers.logs(tmp_path))
    assert log.count("the agent hears the caller") == 1
    assert "lkc-" not in log, "a worker got the job of a room that the suite created"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("failure", _PLAYED, ids=lambda failure: failure.name)
async def test_what_is_wrong_with_workers_is_named(failure, tmp_path):
    told = await play(failure, tmp_path)

    assert told.exit_status == (not failure.warns), told.output
    assert told.causes[:1] == (failure.cause,), told.output
    assert wrong_blame(failure, told) == set(), told.output
    assert told.first_broken == (None if failure.warns else failure.link), told.output
