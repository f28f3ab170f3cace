"""
Retries, budget and circuit breaker of the client for applications, against its configuration.

All checks are between the client and a server of our own on loopback.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import pytest
from livekit import api

from livekit_conformance.client import Client, LiveKitCircuitOpenError, LiveKitError
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.api.session import open_session
from livekit_conformance.drivers.scripted_server import ScriptedServer
from livekit_conformance.drivers.webhooks.sender import new_event
from livekit_conformance.environments.policies import (
    BreakerPolicy,
    ErrorClass,
    ErrorHandling,
    Policies,
    RetryPolicy,
)
from livekit_conformance.errors import Blocked, NotApplicable
from livekit_conformance.observations import Recorder

# Factor for the times of the policies, so that a check does not take minutes.
_SCALE = 0.05
_SHORTEST_SCALE = 0.001
# A busy machine wakes up late, never early.
_LATE_S = 1.0
_AT_ONCE = 20
# More failures than any check causes.
_NEVER = 10_000
_CALL = api.CreateSIPParticipantRequest(
    sip_trunk_id="ST_conformance",
    sip_call_to="+15550123",
    room_name="conformance",
    wait_until_answered=True,
)

Ask = Callable[[Client], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Obeyed:
    """
    Request that is subject to a policy, with a transient failure and a permanent refusal of it.
    """

    ask: Ask
    refusal: int = HTTPStatus.UNAUTHORIZED
    failure: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def is_repeated(self, policy: RetryPolicy, handling: ErrorHandling) -> bool:
        """
        Return whether the transient failure is configured as transient.
        """
        kind = ErrorClass.CALL if self.failure else ErrorClass.SERVER
        named = kind in policy.transient or HTTPStatus.SERVICE_UNAVAILABLE in policy.transient
        return named and handling.errors.of(kind).retry and policy.attempts > 1


_OBEYED = {
    "livekit": Obeyed(lambda client: client.list_rooms()),
    # An outbound call that failed in transit, and a busy callee: livekit-server answers 429 for it.
    "sip": Obeyed(
        lambda client: client.create_sip_participant(_CALL),
        HTTPStatus.TOO_MANY_REQUESTS,
        {"sip_status_code": "503"},
        {"sip_status_code": "486"},
    ),
    "webhook": Obeyed(lambda client: client.deliver(client.url, new_event())),
}
_NOT_TWICE: Mapping[str, Ask] = {
    "CreateSIPParticipant": lambda client: client.create_sip_participant(_CALL),
    "CreateSIPInboundTrunk": lambda client: client.create_inbound_trunk(api.SIPInboundTrunkInfo()),
}


@dataclass(slots=True)
class Setting:
    """
    Factory of clients with the policies of the deployment, outside its evidence.
    """

    policies: Policies
    handling: ErrorHandling
    recorder: Recorder
    clock: Callable[[], float] = time.monotonic

    @asynccontextmanager
    async def asking(
        self, statuses: Sequence[int], metadata: Mapping[str, str] | None = None
    ) -> AsyncIterator[tuple[ScriptedServer, Client]]:
        """
        Yield a server that answers with these statuses, and a client of it.
        """
        async with (
            ScriptedServer(statuses, metadata=metadata or {}) as server,
            # Failures on purpose are no observations of the deployment; the server is ours.
            open_session(Permit.everything(), Recorder(self.recorder.redact)) as session,
            Client(
                server.url,
                "conformance",
                "conformance-of-the-client-itself",
                policies=self.policies,
                handling=self.handling,
                session=session,
                clock=self.clock,
            ) as client,
        ):
            yield server, client

    def with_policy(self, name: str, policy: RetryPolicy) -> Policies:
        """
        Return the policies with this one replaced.
        """
        return self.policies.model_copy(update={name: policy})


@pytest.fixture
def setting(retry_policies: Policies, error_handling: ErrorHandling, recorder: Recorder) -> Setting:
    """
    Return the configured policies, with a breaker that never opens: it has its own check.
    """
    return Setting(retry_policies, _with_breaker(error_handling, failures=_NEVER), recorder)


@pytest.mark.clause("1.5-client-retries-as-configured")
@pytest.mark.parametrize("name", _OBEYED)
async def test_the_client_retries_as_its_policy_sets(name: str, setting: Setting) -> None:
    """
    A 503 is retried as often and at such intervals as configured; a refusal is not retried.
    """
    obeyed = _OBEYED[name]
    policy: RetryPolicy = getattr(setting.policies, name).scaled(_SCALE)
    deadline = policy.deadline + _LATE_S
    # The budget has a check of its own.
    policy = policy.model_copy(update={"budget": None, "deadline": deadline})
    setting.policies = setting.with_policy(name, policy)
    started = time.monotonic()

    async with setting.asking([HTTPStatus.SERVICE_UNAVAILABLE], obeyed.failure) as (failing, one):
        with pytest.raises(LiveKitError):
            await obeyed.ask(one)
    took = time.monotonic() - started
    async with setting.asking([obeyed.refusal], obeyed.refused) as (refusing, other):
        with pytest.raises(LiveKitError):
            await obeyed.ask(other)

    tries = policy.attempts if obeyed.is_repeated(policy, setting.handling) else 1
    wanted = [policy.delay(attempt) for attempt in range(1, tries)]
    kept = len(failing.waits) == len(wanted) and all(
        least <= seen <= least + policy.jitter + _LATE_S
        for least, seen in zip(wanted, failing.waits, strict=True)
    )
    assert kept and took <= deadline + _LATE_S and len(refusing.asked_at) == 1, (
        f"{len(failing.asked_at)} attempts, waits of {_shown(failing.waits)}, {took:.2f} s in all, "
        f"and {len(refusing.asked_at)} for a refused request; expected by the policy {name}: "
        f"{tries} attempts, waits of {_shown(wanted)}, {deadline:.2f} s in all, and 1"
    )


@pytest.mark.clause("1.5-client-does-nothing-twice")
@pytest.mark.parametrize("method", _NOT_TWICE)
async def test_the_client_does_nothing_twice(method: str, setting: Setting) -> None:
    """
    After a 503 without a SIP status the call may have been placed: the request is not repeated.
    """
    for name in type(setting.policies).model_fields:
        policy = getattr(setting.policies, name).scaled(_SHORTEST_SCALE)
        transient = policy.transient | {HTTPStatus.SERVICE_UNAVAILABLE.value}
        policy = policy.model_copy(update={"transient": transient})
        setting.policies = setting.with_policy(name, policy)

    async with setting.asking([HTTPStatus.SERVICE_UNAVAILABLE]) as (server, client):
        with pytest.raises(LiveKitError):
            await client.list_rooms()
        repeated = len(server.asked_at) - 1
        server.asked_at.clear()
        with pytest.raises(LiveKitError):
            await _NOT_TWICE[method](client)

    if not repeated:
        raise Blocked(
            "positive control: the client did not repeat a request that it may repeat",
            remedy="Give the policy livekit in config/retry_policies.yaml more than one attempt",
        )
    assert len(server.asked_at) == 1, (
        f"the client sent {method} {len(server.asked_at)} times, expected once"
    )


@pytest.mark.clause("1.5-client-keeps-its-budget")
@pytest.mark.parametrize("name", _OBEYED)
async def test_the_client_keeps_its_budget(name: str, setting: Setting) -> None:
    """
    With all calls failing, the retries do not exceed the reserve and the share of the calls.
    """
    policy: RetryPolicy = getattr(setting.policies, name).scaled(_SHORTEST_SCALE)
    obeyed = _OBEYED[name]
    if policy.budget is None or not obeyed.is_repeated(policy, setting.handling):
        raise NotApplicable(f"the policy {name} has no budget, or repeats nothing")
    setting.policies = setting.with_policy(name, policy)
    calls = policy.budget.reserve

    async with setting.asking([HTTPStatus.SERVICE_UNAVAILABLE], obeyed.failure) as (server, client):
        for _ in range(calls):
            with pytest.raises(LiveKitError):
                await obeyed.ask(client)

    repeats = len(server.asked_at) - calls
    allowed = policy.budget.reserve + int(policy.budget.share * calls)
    assert 0 < repeats <= allowed, (
        f"{repeats} repeats for {calls} failing calls; the budget of {name} allows 1 to {allowed}"
    )


@pytest.mark.clause("1.5-client-breaker-as-configured")
async def test_the_breaker_opens_probes_once_and_closes(
    setting: Setting, error_handling: ErrorHandling
) -> None:
    """
    After the configured failures nothing is sent; then one of many requests probes; then all pass.
    """
    breaker = error_handling.circuit_breaker
    failures = breaker.failures
    statuses = [*[HTTPStatus.SERVICE_UNAVAILABLE] * failures, HTTPStatus.OK]
    clock = _Clock()
    setting.handling = error_handling
    setting.clock = clock
    one_try = setting.policies.livekit.model_copy(update={"attempts": 1})
    setting.policies = setting.with_policy("livekit", one_try)

    async with setting.asking(statuses) as (server, client):
        await _outcomes(client, times=failures)
        opened = await _outcomes(client, times=1)
        sent_while_open = len(server.asked_at) - failures
        clock.now += breaker.open_for
        probed = await _outcomes(client, times=_AT_ONCE, at_once=True)
        closed = await _outcomes(client, times=1)

    seen = {
        "sent while open": sent_while_open + opened.count("answered"),
        "sent at half-open": probed.count("answered"),
        "sent after the probe": closed.count("answered"),
    }
    expected = {"sent while open": 0, "sent at half-open": 1, "sent after the probe": 1}
    assert seen == expected, f"after {failures} failures: {seen}, expected: {expected}"


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def _outcomes(client: Client, *, times: int, at_once: bool = False) -> list[str]:
    async def outcome() -> str:
        try:
            await client.list_rooms()
        except LiveKitCircuitOpenError:
            return "not sent"
        except LiveKitError:
            return "failed"
        return "answered"

    if at_once:
        return await asyncio.gather(*(outcome() for _ in range(times)))
    return [await outcome() for _ in range(times)]


def _with_breaker(handling: ErrorHandling, *, failures: int) -> ErrorHandling:
    breaker: BreakerPolicy = handling.circuit_breaker.model_copy(update={"failures": failures})
    return handling.model_copy(update={"circuit_breaker": breaker})


def _shown(seconds: Sequence[float]) -> str:
    return ", ".join(f"{wait:.2f}" for wait in seconds) + " s"
