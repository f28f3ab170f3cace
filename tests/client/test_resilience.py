"""
Which errors are tried again, and how often.
"""

from __future__ import annotations

import asyncio

import pytest

from livekit_conformance.client import CircuitOpenError, Resilience, error_class
from livekit_conformance.drivers.livekit_api import ApiRefused
from livekit_conformance.environments.policies import (
    ErrorClass,
    load_error_handling,
    load_retry_policies,
)
from livekit_conformance.errors import Unreachable
from tests.scenarios.harness import ROOT

POLICY = load_retry_policies(ROOT / "config").livekit.scaled(0.002)
HANDLING = load_error_handling(ROOT / "config")


def refused(status: int) -> ApiRefused:
    return ApiRefused("ListRooms", status=status, code="", text="")


def unreachable(phase: str) -> Unreachable:
    return Unreachable("ws://127.0.0.1", phase=phase, detail="", waited=0, remedy="")


class Server:
    """
    Raises its errors one after the other, then answers.
    """

    def __init__(self, *errors: BaseException) -> None:
        self.asked = 0
        self._errors = list(errors)

    async def __call__(self) -> str:
        self.asked += 1
        if self._errors:
            raise self._errors.pop(0)
        return "answer"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(401), ErrorClass.AUTHENTICATION),
        (refused(403), ErrorClass.AUTHENTICATION),
        (refused(404), ErrorClass.REQUEST),
        (refused(429), ErrorClass.SERVER),
        (refused(503), ErrorClass.SERVER),
        (unreachable("answer"), ErrorClass.TIMEOUT),
        (unreachable("connect"), ErrorClass.CONNECTION),
        (unreachable("resolve"), ErrorClass.CONNECTION),
        (TimeoutError(), ErrorClass.TIMEOUT),
        (ValueError(), None),
    ],
)
def test_errors_are_classed(error, kind):
    assert error_class(error) is kind


@pytest.mark.parametrize("error", [refused(503), unreachable("answer"), unreachable("connect")])
async def test_what_is_transient_is_tried_again(error):
    server = Server(error, error)

    assert await Resilience(POLICY, HANDLING).ask(server) == "answer"
    assert server.asked == 3


@pytest.mark.parametrize("error", [refused(401), refused(404), ValueError()])
async def test_what_is_not_is_asked_once(error):
    server = Server(error)

    with pytest.raises(type(error)):
        await Resilience(POLICY, HANDLING).ask(server)
    assert server.asked == 1


async def test_the_last_error_is_told_when_all_tries_are_used_up():
    server = Server(*[refused(503)] * POLICY.attempts)

    with pytest.raises(ApiRefused):
        await Resilience(POLICY, HANDLING).ask(server)
    assert server.asked == POLICY.attempts


async def test_a_try_that_hangs_is_cut_off_at_the_deadline():
    resilience = Resilience(POLICY, HANDLING)

    with pytest.raises(TimeoutError):
        await resilience.ask(lambda: asyncio.get_running_loop().create_future())


async def test_a_refused_key_opens_no_circuit():
    resilience = Resilience(POLICY, HANDLING)
    for _ in range(HANDLING.circuit_breaker.failures + 1):
        with pytest.raises(ApiRefused):
            await resilience.ask(Server(refused(401)))


async def test_an_open_circuit_sends_nothing():
    resilience = Resilience(POLICY.model_copy(update={"attempts": 1}), HANDLING, clock=lambda: 0.0)
    for _ in range(HANDLING.circuit_breaker.failures):
        with pytest.raises(ApiRefused):
            await resilience.ask(Server(refused(503)))
    server = Server()

    with pytest.raises(CircuitOpenError):
        await resilience.ask(server)
    assert server.asked == 0
