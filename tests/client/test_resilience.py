"""
Retries: which errors are retried, how often, and which error is raised in the end.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
import stamina

from livekit_conformance.client import (
    CircuitOpenError,
    LiveKitAuthenticationError,
    LiveKitCallError,
    LiveKitConnectionError,
    LiveKitRequestError,
    LiveKitServerError,
    LiveKitTimeoutError,
    Resilience,
)
from livekit_conformance.environments.policies import DEFAULT_HANDLING, DEFAULT_POLICIES
from tests.client.virtual_time import VirtualTimeLoop

LIVEKIT = DEFAULT_POLICIES.livekit
SIP = DEFAULT_POLICIES.sip


def unavailable(**details):
    return LiveKitServerError(status=503, may_have_arrived=True, **details)


def silence():
    return LiveKitTimeoutError(may_have_arrived=True)


def refused_connection():
    return LiveKitConnectionError(may_have_arrived=False)


def reset():
    return LiveKitConnectionError(may_have_arrived=True)


def ended_call(status):
    metadata = {"sip_status_code": str(status)}
    return LiveKitCallError(status=429, may_have_arrived=True, metadata=metadata)


class Server:
    """
    Raises its errors one after the other, then answers. Records the times of the requests.
    """

    def __init__(self, loop, *errors):
        self.loop = loop
        self.asked_at = []
        self.errors = list(errors)

    async def __call__(self, _within):
        self.asked_at.append(self.loop.time())
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture
def loop():
    loop = VirtualTimeLoop()
    yield loop
    loop.close()


def resilience(loop, policy=LIVEKIT, **changes):
    changed = policy.model_copy(update=changes)
    return Resilience(changed, DEFAULT_HANDLING, clock=loop.time)


@pytest.mark.parametrize("failure", [unavailable, silence, refused_connection, reset])
def test_what_is_transient_is_tried_again(loop, failure):
    server = Server(loop, failure(), failure())

    assert loop.run_until_complete(resilience(loop).ask(server)) == "answer"
    assert len(server.asked_at) == 3


@pytest.mark.parametrize(
    "error",
    [
        LiveKitAuthenticationError(status=401),
        LiveKitAuthenticationError(status=403),
        LiveKitRequestError(status=404),
        LiveKitConnectionError(is_lasting=True),
        ValueError("a defect"),
    ],
)
def test_what_does_not_pass_by_itself_is_asked_once(loop, error):
    server = Server(loop, error)

    with pytest.raises(type(error)):
        loop.run_until_complete(resilience(loop).ask(server))
    assert len(server.asked_at) == 1


def test_the_waits_grow_and_the_last_error_tells_its_attempts(loop):
    server = Server(loop, *(unavailable() for _ in range(5)))

    with pytest.raises(LiveKitServerError) as failed:
        loop.run_until_complete(resilience(loop).ask(server))

    at = server.asked_at
    waits = [later - earlier for earlier, later in pairwise(at)]
    assert failed.value.attempts == 5
    assert all(
        LIVEKIT.delay(n) <= wait <= LIVEKIT.delay(n) + LIVEKIT.jitter
        for n, wait in enumerate(waits, 1)
    )


@pytest.mark.parametrize("failure", [unavailable, silence, reset])
def test_what_must_not_be_done_twice_is_not_repeated_once_it_may_have_arrived(loop, failure):
    server = Server(loop, refused_connection(), failure())

    with pytest.raises(type(failure())) as failed:
        loop.run_until_complete(resilience(loop).ask(server, repeatable=False))
    assert failed.value.attempts == 2
    assert failed.value.may_have_arrived


def test_an_earlier_try_that_may_have_arrived_is_not_forgotten(loop):
    server = Server(loop, silence(), refused_connection())

    with pytest.raises(LiveKitConnectionError) as failed:
        loop.run_until_complete(resilience(loop, attempts=2).ask(server))
    assert failed.value.may_have_arrived


def test_an_application_that_switches_retries_off_is_still_told_what_may_have_arrived(loop):
    stamina.set_active(False)
    try:
        with pytest.raises(LiveKitTimeoutError) as failed:
            loop.run_until_complete(resilience(loop).ask(Server(loop, silence())))
    finally:
        stamina.set_active(True)
    assert (failed.value.attempts, failed.value.may_have_arrived) == (1, True)


@pytest.mark.parametrize(("status", "tries"), [(503, 3), (504, 3), (486, 1), (603, 1), (480, 1)])
def test_a_call_is_placed_again_when_it_was_not_carried_and_not_when_it_was_declined(
    loop, status, tries
):
    server = Server(loop, *(ended_call(status) for _ in range(3)))

    with pytest.raises(LiveKitCallError):
        loop.run_until_complete(resilience(loop, SIP).ask(server, repeatable=False))
    assert len(server.asked_at) == tries


def test_a_wait_that_would_outlast_the_deadline_is_not_begun(loop):
    server = Server(loop, *(unavailable() for _ in range(5)))

    with pytest.raises(LiveKitServerError):
        loop.run_until_complete(resilience(loop, timeout=1.0, deadline=2.0).ask(server))
    assert len(server.asked_at) == 3
    assert loop.time() < 2.0


def test_a_try_is_given_no_more_time_than_is_left(loop):
    given = []

    async def hangs(within):
        given.append(within)
        await asyncio.sleep(within)
        raise silence()

    with pytest.raises(LiveKitTimeoutError):
        loop.run_until_complete(resilience(loop, timeout=10.0, deadline=12.0).ask(hangs))
    assert given[0] == 10.0
    assert sum(given) < 12.0
    assert loop.time() == pytest.approx(12.0)


def test_a_server_that_says_when_to_come_back_is_given_that_time(loop):
    server = Server(loop, unavailable(retry_after=7.0))

    loop.run_until_complete(resilience(loop).ask(server))

    assert server.asked_at == [0.0, 7.0]


def test_repeats_are_paid_for_by_calls(loop):
    never_opens = DEFAULT_HANDLING.circuit_breaker.model_copy(update={"failures": 10_000})
    handling = DEFAULT_HANDLING.model_copy(update={"circuit_breaker": never_opens})
    client = Resilience(LIVEKIT, handling, clock=loop.time)
    server = Server(loop, *(unavailable() for _ in range(10_000)))

    for _ in range(1000):
        with pytest.raises(LiveKitServerError):
            loop.run_until_complete(client.ask(server))

    # 1,000 calls, a tenth for retries, and the initial reserve.
    assert len(server.asked_at) == pytest.approx(1000 + 100 + 20, abs=1)


def test_without_a_budget_every_call_has_all_its_tries(loop):
    never_opens = DEFAULT_HANDLING.circuit_breaker.model_copy(update={"failures": 10_000})
    handling = DEFAULT_HANDLING.model_copy(update={"circuit_breaker": never_opens})
    unlimited = LIVEKIT.model_copy(update={"budget": None})
    client = Resilience(unlimited, handling, clock=loop.time)
    server = Server(loop, *(unavailable() for _ in range(100)))

    for _ in range(20):
        with pytest.raises(LiveKitServerError):
            loop.run_until_complete(client.ask(server))

    assert len(server.asked_at) == 100


@pytest.mark.parametrize("error", [LiveKitAuthenticationError(status=401), ended_call(486)])
def test_a_refusal_opens_no_circuit(loop, error):
    client = resilience(loop)
    for _ in range(DEFAULT_HANDLING.circuit_breaker.failures + 1):
        with pytest.raises(type(error)):
            loop.run_until_complete(client.ask(Server(loop, error)))


def test_a_call_that_finds_the_circuit_opened_by_others_tells_its_own_error(loop):
    client = resilience(loop)

    async def both():
        server = Server(loop, unavailable())
        first = asyncio.ensure_future(client.ask(server))
        await asyncio.sleep(0.1)
        for _ in range(DEFAULT_HANDLING.circuit_breaker.failures):
            client.breaker.failed(client.breaker.enter(loop.time()), loop.time())
            if client.retry_after():
                break
        await first

    with pytest.raises(CircuitOpenError) as refused:
        loop.run_until_complete(both())
    assert refused.value.attempts == 1
    assert refused.value.may_have_arrived
    assert isinstance(refused.value.__cause__, LiveKitServerError)


def test_the_failure_that_opens_the_circuit_is_not_waited_on(loop):
    client = resilience(loop)
    for _ in range(DEFAULT_HANDLING.circuit_breaker.failures - 1):
        client.breaker.failed(client.breaker.enter(0), 0)
    server = Server(loop, unavailable(), unavailable())

    with pytest.raises(LiveKitServerError):
        loop.run_until_complete(client.ask(server))
    assert len(server.asked_at) == 1
    assert client.retry_after() == DEFAULT_HANDLING.circuit_breaker.open_for
