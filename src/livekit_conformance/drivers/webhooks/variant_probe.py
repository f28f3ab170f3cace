"""
Find out why an endpoint refuses a signed event: send it again, with one variation each time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from livekit_conformance import run_clock
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.webhooks.sender import WebhookSender, accepted, new_event
from livekit_conformance.errors import Unreachable
from livekit_conformance.judges.clock import EXACT_S
from livekit_conformance.observations import EndpointAnswer, Recorder
from livekit_conformance.protocol.http_date import clock_offset
from livekit_conformance.protocol.webhook_forgery import Forge
from livekit_conformance.protocol.webhook_trials import (
    BY_ITS_CLOCK,
    GENUINE,
    TRIALS,
    signed_later,
)


async def genuine(endpoint: WebhookSender, recorder: Recorder) -> HttpAnswer:
    """
    Return the answer to a signed event as livekit-server sends it.

    Raises Unreachable without an answer.
    """
    try:
        answer = await endpoint.send(new_event())
    except Unreachable as unreachable:
        _record(recorder, GENUINE, unreachable)
        raise
    _record(recorder, GENUINE, answer)
    return answer


async def taken_trials(
    endpoint: WebhookSender, recorder: Recorder, refusal: HttpAnswer
) -> list[str]:
    """
    Return the trials whose event the endpoint accepts; one without an answer does not count.

    These are `TRIALS`, and an event by the endpoint's own clock if `refusal`, its answer just now,
    has a Date that is not ours.
    """
    taken = []
    for trial, forge in {**TRIALS, **_by_its_clock(refusal, time.time())}.items():
        try:
            answer = await endpoint.send(forge(endpoint.signer, new_event()))
        except Unreachable as unreachable:
            _record(recorder, trial, unreachable)
            continue
        _record(recorder, trial, answer)
        if accepted(answer):
            taken.append(trial)
    return taken


def _by_its_clock(refusal: HttpAnswer, now: float) -> Mapping[str, Forge]:
    try:
        offset = clock_offset(refusal.headers["Date"], asked=now - refusal.duration_s, answered=now)
    except (KeyError, ValueError):
        return {}
    if offset.proven <= EXACT_S:
        return {}
    return {BY_ITS_CLOCK: signed_later((offset.least + offset.most) / 2)}


def _record(recorder: Recorder, trial: str, outcome: HttpAnswer | Unreachable) -> None:
    answer = outcome if isinstance(outcome, HttpAnswer) else None
    lost = outcome if isinstance(outcome, Unreachable) else None
    way = f" after a redirect ({answer.redirected})" if answer and answer.redirected else ""
    came = f"{answer.status}{way}" if answer else lost.detail if lost else ""
    recorder.record(
        EndpointAnswer(
            run_clock.now(),
            f"the endpoint answers a signed event ({trial}): {came}",
            trial=trial,
            status=answer.status if answer else None,
            redirected=answer.redirected if answer else 0,
            error=lost.detail if lost else None,
            phase=lost.phase if lost else None,
            failure=lost.failure if lost else None,
        )
    )
