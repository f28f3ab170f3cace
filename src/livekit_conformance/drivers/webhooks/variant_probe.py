"""
Why an endpoint does not take a signed event: it is asked again, with one thing changed each time.
"""

from __future__ import annotations

import time

from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.webhooks.sender import WebhookSender, accepted, new_event
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.webhook_trials import GENUINE, TRIALS


async def genuine(endpoint: WebhookSender, recorder: Recorder) -> HttpAnswer:
    """
    The answer to a signed event as livekit-server sends it; raises Unreachable without one.
    """
    try:
        answer = await endpoint.send(new_event())
    except Unreachable as unreachable:
        _tell(recorder, GENUINE, None, unreachable.detail, phase=unreachable.phase)
        raise
    _tell(recorder, GENUINE, answer)
    return answer


async def taken_trials(endpoint: WebhookSender, recorder: Recorder) -> list[str]:
    """
    Of `TRIALS` those whose event the endpoint takes; one that gets no answer is not taken.
    """
    taken = []
    for trial, forge in TRIALS.items():
        try:
            answer = await endpoint.send(forge(endpoint.signer, new_event()))
        except Unreachable as unreachable:
            _tell(recorder, trial, None, unreachable.detail, phase=unreachable.phase)
            continue
        _tell(recorder, trial, answer)
        if accepted(answer):
            taken.append(trial)
    return taken


def _tell(
    recorder: Recorder,
    trial: str,
    answer: HttpAnswer | None,
    error: str | None = None,
    *,
    phase: str | None = None,
) -> None:
    status = answer.status if answer else None
    redirected = answer.redirected if answer else 0
    way = f" after a redirect ({redirected})" if redirected else ""
    recorder.record(
        time.time(),
        "endpoint",
        f"the endpoint answers a signed event ({trial}): {status or error}{way}",
        trial=trial,
        status=status,
        redirected=redirected,
        error=error,
        phase=phase,
    )
