"""
Does the client try again as config/retry_policies.yaml and config/error_handling.yaml say?

Everything here is between the client and a server of our own on loopback.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest

from livekit_conformance.client import CircuitOpenError, Resilience
from livekit_conformance.drivers.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.permit import Permit
from livekit_conformance.drivers.scripted_server import ScriptedServer
from livekit_conformance.environments.policies import BreakerPolicy, ErrorHandling, Policies
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder

# The times of the policies are shortened by this, so that a check takes no minutes.
_SCALE = 0.05
# A busy machine wakes up late; never early.
_LATE_S = 1.0
_POLICIES = tuple(Policies.model_fields)
_AT_ONCE = 20

Ask = Callable[[], Awaitable[object]]


@asynccontextmanager
async def asking(
    statuses: Sequence[int], permit: Permit, recorder: Recorder
) -> AsyncIterator[tuple[ScriptedServer, Ask]]:
    """
    A server that answers with these statuses, and how it is asked.
    """
    async with (
        ScriptedServer(statuses) as server,
        LiveKitClient(
            server.url,
            api_key="conformance",
            api_secret="conformance-of-the-client-itself",  # noqa: S106 - opens nothing
            permit=permit,
            recorder=recorder,
        ) as client,
    ):
        yield server, client.list_rooms


@pytest.mark.clause("1.5-client-retries-as-configured")
@pytest.mark.parametrize("name", _POLICIES)
async def test_the_client_tries_again_as_its_policy_says(
    name: str,
    retry_policies: Policies,
    error_handling: ErrorHandling,
    permit: Permit,
    recorder: Recorder,
) -> None:
    """
    A server that cannot answer is asked as often and at such times as configured; a refusal once.
    """
    whole = getattr(retry_policies, name)
    policy = whole.scaled(_SCALE)
    # The breaker has a check of its own.
    handling = _with_breaker(error_handling, failures=policy.attempts + 1)
    started = time.monotonic()

    async with asking([HTTPStatus.SERVICE_UNAVAILABLE], permit, recorder) as (failing, ask):
        with pytest.raises((ApiRefused, TimeoutError)):
            await Resilience(policy, handling).ask(ask)
    took = time.monotonic() - started
    async with asking([HTTPStatus.UNAUTHORIZED], permit, recorder) as (refusing, ask):
        with pytest.raises(ApiRefused):
            await Resilience(whole, handling).ask(ask)

    wanted = [policy.delay(attempt) for attempt in range(1, policy.attempts)]
    kept = len(failing.waits) == len(wanted) and all(
        least <= seen <= least + policy.jitter + _LATE_S
        for least, seen in zip(wanted, failing.waits, strict=True)
    )
    assert kept and took <= policy.deadline + _LATE_S and len(refusing.asked_at) == 1, (
        f"the client MUST try again as the policy {name} says ({policy.attempts} tries, waits of "
        f"{_told(wanted)}, within {policy.deadline:.2f} s), and a refused key once; seen: "
        f"{len(failing.asked_at)} tries, waits of {_told(failing.waits)}, {took:.2f} s, and "
        f"{len(refusing.asked_at)} with a refused key"
    )


@pytest.mark.clause("1.5-client-breaker-as-configured")
async def test_the_breaker_opens_probes_once_and_closes(
    retry_policies: Policies,
    error_handling: ErrorHandling,
    permit: Permit,
    recorder: Recorder,
) -> None:
    """
    After the configured failures nothing is sent; then one probe of many askers; then all pass.
    """
    one_try = retry_policies.livekit.model_copy(update={"attempts": 1})
    failures = error_handling.circuit_breaker.failures
    handling = _with_breaker(error_handling, failures=failures)
    statuses = [*[HTTPStatus.SERVICE_UNAVAILABLE] * failures, HTTPStatus.OK]

    async with asking(statuses, permit, recorder) as (server, ask):
        clock = _Clock()
        resilience = Resilience(one_try, handling, clock=clock)
        await _outcomes(resilience, ask, times=failures)
        opened = await _outcomes(resilience, ask, times=1)
        sent_while_open = len(server.asked_at) - failures
        clock.now += handling.circuit_breaker.open_for
        probed = await _outcomes(resilience, ask, times=_AT_ONCE, at_once=True)
        closed = await _outcomes(resilience, ask, times=1)

    seen = {
        "sent while open": sent_while_open + opened.count("answered"),
        "sent at half-open": probed.count("answered"),
        "sent after the probe": closed.count("answered"),
    }
    assert seen == {"sent while open": 0, "sent at half-open": 1, "sent after the probe": 1}, (
        f"the breaker MUST open after {failures} failures, let one probe through and close; "
        f"seen: {seen}"
    )


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def _outcomes(
    resilience: Resilience, ask: Ask, *, times: int, at_once: bool = False
) -> list[str]:
    async def outcome() -> str:
        try:
            await resilience.ask(ask)
        except CircuitOpenError:
            return "not sent"
        except (ApiRefused, Unreachable):
            return "failed"
        return "answered"

    if at_once:
        return await asyncio.gather(*(outcome() for _ in range(times)))
    return [await outcome() for _ in range(times)]


def _with_breaker(handling: ErrorHandling, *, failures: int) -> ErrorHandling:
    breaker: BreakerPolicy = handling.circuit_breaker.model_copy(update={"failures": failures})
    return handling.model_copy(update={"circuit_breaker": breaker})


def _told(seconds: Sequence[float]) -> str:
    return ", ".join(f"{wait:.2f}" for wait in seconds) + " s"
