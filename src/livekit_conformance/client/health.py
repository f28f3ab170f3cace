"""
Check the health of a server and watch it for changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from livekit_conformance.client.errors import LiveKitAuthenticationError, LiveKitError

logger = logging.getLogger("livekit_conformance.client")


class State(StrEnum):
    """
    Health state of a server.
    """

    UP = "up"
    # It answers, but refuses the key, fails, or is slow.
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Health:
    """
    Result of one request. `authenticated` is None if unknown. If the request failed on this
    machine, the state is degraded, because nothing is known of the server.

    `latency` is in seconds, None without an answer. `reason` is empty when all is well.
    """

    state: State
    reachable: bool
    authenticated: bool | None
    latency: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StateChange:
    """
    Change of a server's state from `before` (None at first) to `after`.
    """

    before: State | None
    after: State
    health: Health


async def check(request: Awaitable[object], *, clock: Callable[[], float], slow: float) -> Health:
    """
    Return the health that the authenticated `request` shows. Never raise for a failing server.
    """
    started = clock()
    try:
        await request
    except LiveKitError as error:
        reached = error.status is not None
        refused = isinstance(error, LiveKitAuthenticationError)
        return Health(
            State.DEGRADED if reached or error.is_local else State.DOWN,
            reachable=reached,
            authenticated=False if refused else None,
            latency=clock() - started if reached else None,
            reason=str(error),
        )
    latency = clock() - started
    is_slow = latency > slow
    return Health(
        State.DEGRADED if is_slow else State.UP,
        reachable=True,
        authenticated=True,
        latency=latency,
        reason=f"slow: answered after {latency:.2f} s" if is_slow else "",
    )


async def changes(
    look: Callable[[], Awaitable[Health]],
    *,
    url: str,
    every: float,
    clock: Callable[[], float],
) -> AsyncIterator[StateChange]:
    """
    Check every `every` seconds; yield the first state and then each change. End when cancelled.
    """
    before: State | None = None
    while True:
        started = clock()
        health = await look()
        if health.state is not before:
            change = StateChange(before, health.state, health)
            _log(change, url)
            before = health.state
            yield change
        await asyncio.sleep(max(0.0, started + every - clock()))


_LEVELS = {State.UP: logging.INFO, State.DEGRADED: logging.WARNING, State.DOWN: logging.ERROR}


def _log(change: StateChange, url: str) -> None:
    logger.log(
        _LEVELS[change.after],
        "LiveKit is %s%s",
        change.after,
        f": {change.health.reason}" if change.health.reason else "",
        extra={
            "livekit_url": url,
            "livekit_state": change.after.value,
            "livekit_state_before": change.before.value if change.before else None,
            "livekit_latency_s": change.health.latency,
        },
    )
